#include "core/base/json_parse.h"

#include <simdjson.h>

#include <span>
#include <unordered_set>

#include "core/base/mapped_file.h"
#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr int kMaxLevels = 512;

Result<JsonValue> convert(simdjson::dom::element element, std::string_view where, int level) {
    using simdjson::dom::element_type;
    if (level > kMaxLevels) return badInput("nested deeper than 512 levels", std::string(where));
    switch (element.type()) {
        case element_type::ARRAY: {
            JsonValue::Array items;
            const simdjson::dom::array array = element.get_array();
            for (auto child : array) {
                auto value = convert(child, where, level + 1);
                if (!value) return value.error();
                items.push_back(std::move(*value));
            }
            return JsonValue(std::move(items));
        }
        case element_type::OBJECT: {
            JsonValue::Object members;
            std::unordered_set<std::string_view> seen;
            const simdjson::dom::object object = element.get_object();
            for (auto field : object) {
                if (!seen.insert(field.key).second)
                    return badInput("the key \"" + std::string(field.key) + "\" appears twice",
                                    std::string(where));
                auto value = convert(field.value, where, level + 1);
                if (!value) return value.error();
                members.emplace_back(std::string(field.key), std::move(*value));
            }
            return JsonValue(std::move(members));
        }
        case element_type::INT64:
            return JsonValue(static_cast<long>(element.get_int64().value_unsafe()));
        case element_type::UINT64:
            return JsonValue(static_cast<double>(element.get_uint64().value_unsafe()));
        case element_type::DOUBLE:
            return JsonValue(element.get_double().value_unsafe());
        case element_type::STRING:
            return JsonValue(element.get_string().value_unsafe());
        case element_type::BOOL:
            return JsonValue(element.get_bool().value_unsafe());
        case element_type::NULL_VALUE:
            break;
    }
    return JsonValue();
}

Error tooLarge(std::size_t bytes, std::string_view where, std::size_t limitBytes) {
    return badInput("the document has " + readableBytes(static_cast<std::int64_t>(bytes)) +
                        ", more than the " + readableBytes(static_cast<std::int64_t>(limitBytes)) +
                        " that such a file may have",
                    std::string(where));
}

}  // namespace

Result<JsonValue> parseJson(std::string_view text, std::string_view where, std::size_t limitBytes) {
    if (text.size() > limitBytes) return tooLarge(text.size(), where, limitBytes);
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(text.data(), text.size());
    simdjson::dom::element root;
    if (const auto code = parser.parse(padded).get(root); code != simdjson::SUCCESS) {
        if (text.substr(0, 40).starts_with("version https://git-lfs"))
            return badInput("this is a Git LFS pointer, not the file itself", std::string(where),
                            "Fetch it with 'git lfs pull'.");
        return badInput(std::string("no valid JSON: ") + simdjson::error_message(code), std::string(where));
    }
    return convert(root, where, 0);
}

Result<JsonValue> readJsonFile(const std::filesystem::path& path, std::size_t limitBytes) {
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const auto size = (*file)->bytes().size();
    if (size > limitBytes) return tooLarge(size, path.string(), limitBytes);
    std::string text(size, '\0');
    if (auto read = (*file)->read(0, std::as_writable_bytes(std::span(text))); !read) return read.error();
    return parseJson(text, path.string(), limitBytes);
}

}  // namespace attnviz
