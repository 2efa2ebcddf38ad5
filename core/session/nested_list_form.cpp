// A bare nested list of numbers, with its tokens in a file beside it.
#include "core/session/foreign_labels.h"
#include "core/session/session_forms.h"

namespace attnviz {
namespace {

bool claims(const OpenedFile& file) {
    return file.json && file.json->list;
}

Result<Session> read(OpenedFile& file) {
    auto tokens = tokensBeside(file.path);
    if (!tokens) return tokens.error();
    ForeignRun foreign;
    foreign.where = file.path.string();
    foreign.maps.push_back({std::nullopt, std::move(*file.json->list)});
    foreign.keys = std::move(*tokens);
    return foreignSession(std::move(foreign), file.stop);
}

}  // namespace

extern const SessionForm kNestedListForm{"Nested list of numbers", &claims, &read};

}  // namespace attnviz
