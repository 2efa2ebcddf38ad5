#include "core/session/json_outline.h"

#include <algorithm>

namespace attnviz {
namespace {

constexpr std::size_t kMostMembers = 100'000;

bool mayHoldWeights(std::string_view key) {
    return std::find(std::begin(kWeightKeys), std::end(kWeightKeys), key) != std::end(kWeightKeys);
}

// What the document says of a layer's size before the weights come; 0 if nothing, or nothing that can be.
class SizeHint {
 public:
    void note(std::string_view key, std::string_view raw) {
        std::int64_t* size = key == "num_heads" ? &m_heads : key == "sequence_length" ? &m_tokens : nullptr;
        if (!size) return;
        JsonScanner scanner(raw, {});
        if (!scanner.readInteger(*size)) *size = 0;
    }
    std::size_t cells() const {
        const auto product = checkedProduct({m_heads, m_tokens, m_tokens});
        return product && *product < (std::int64_t{1} << 40U) ? static_cast<std::size_t>(*product) : 0;
    }

 private:
    std::int64_t m_heads = 0, m_tokens = 0;
};

}  // namespace

JsonMember* JsonOutline::find(std::string_view key) {
    return const_cast<JsonMember*>(static_cast<const JsonOutline*>(this)->find(key));
}

const JsonMember* JsonOutline::find(std::string_view key) const {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const JsonMember& member) { return member.key == key; });
    return found == members.end() ? nullptr : &*found;
}

JsonScanner JsonOutline::scannerAt(std::string_view raw) const {
    return {text, where, static_cast<std::size_t>(raw.data() - text.data())};
}

Result<JsonOutline> outlineJson(std::string_view text, std::string where, const ProgressSink& progress,
                                std::stop_token stop) {
    JsonOutline outline{text, std::move(where), false, {}, std::nullopt};
    JsonScanner scanner(text, outline.where);
    if (!scanner.checkUtf8()) return scanner.error();
    NestedOptions nested{0, stop, &progress};
    int lists = 0;
    if (scanner.peek() == JsonKind::array) {
        const JsonKind inside = scanner.peekBelowLists(lists);
        if (inside == JsonKind::number || inside == JsonKind::none) {
            auto block = readNestedWeights(scanner, nested);
            if (!block) return block.error();
            outline.list = std::move(*block);
        } else if (!scanner.skip()) {
            return scanner.error();
        }
        if (!scanner.finish()) return scanner.error();
        return outline;
    }
    outline.isObject = true;
    SizeHint hint;
    std::string key;
    if (!scanner.enterObject()) return scanner.error();
    while (scanner.nextMember(key)) {
        if (stop.stop_requested()) return cancelled();
        if (outline.members.size() >= kMostMembers) {
            scanner.fail("more than 100,000 keys at the top level");
            break;
        }
        JsonMember member{key, {}, std::nullopt};
        const JsonKind inside = scanner.peekBelowLists(lists);
        const std::size_t begin = scanner.offset();
        if (mayHoldWeights(key) && lists >= 2 && (inside == JsonKind::number || inside == JsonKind::none)) {
            nested.expectedCells = hint.cells();
            auto block = readNestedWeights(scanner, nested);
            if (!block) return block.error();
            member.weights = std::move(*block);
            member.raw = text.substr(begin, scanner.offset() - begin);
        } else if (!scanner.skip(&member.raw)) {
            break;
        } else {
            hint.note(key, member.raw);
        }
        outline.members.push_back(std::move(member));
    }
    if (scanner.failed() || !scanner.finish()) return scanner.error();
    return outline;
}

}  // namespace attnviz
