// tokenizer.json, the format of Hugging Face's `tokenizers`, as hostile input.
//
// "truncation" and "padding" are ignored: length is decided elsewhere. A key that appears twice is refused,
// except in the vocabulary, where the last one counts, as it does in the reference.
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "core/base/json_parse.h"
#include "core/base/mapped_file.h"
#include "core/base/readable.h"
#include "core/text/tokenizer_source.h"
#include "core/text/tokenizer_spec.h"

namespace attnviz {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kLargestFile = std::size_t{1} << 30U;
constexpr std::size_t kLargestPart = std::size_t{64} << 20U;

struct Reader {
    std::string where;
    TokenizerSpec spec;

    Result<JsonValue> plain(dom::element element) const {
        return parseJson(simdjson::minify(element), where, kLargestPart);
    }

    Result<void> root(dom::object object) {
        std::vector<std::string_view> seen;
        for (const auto field : object) {
            if (auto once = firstTime(seen, field.key); !once) return once.error();
            if (auto read = rootField(field.key, field.value); !read) return read.error();
        }
        if (std::find(seen.begin(), seen.end(), "model") == seen.end())
            return badInput("the file has no \"model\"", where, "Is this a tokenizer.json?");
        return {};
    }

    Result<void> firstTime(std::vector<std::string_view>& seen, std::string_view key) const {
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            return badInput("the key \"" + std::string(key) + "\" appears twice", where);
        if (seen.size() > 10000) return badInput("an object has more than 10000 keys", where);
        seen.push_back(key);
        return {};
    }

    Result<void> rootField(std::string_view key, dom::element value) {
        if (key == "model") return model(value);
        if (key == "added_tokens") return addedTokens(value);
        const std::array<std::pair<std::string_view, JsonValue*>, 4> parts{
            {{"normalizer", &spec.normalizer},
             {"pre_tokenizer", &spec.preTokenizer},
             {"post_processor", &spec.postProcessor},
             {"decoder", &spec.decoder}}};
        for (const auto& [name, part] : parts) {
            if (key != name) continue;
            auto read = plain(value);
            if (!read) return read.error();
            *part = std::move(*read);
        }
        if (key == "version" && (!value.is_string() || value.get_string().value_unsafe() != "1.0"))
            return unsupported("the tokenizer file's version is not \"1.0\"", where);
        return {};
    }

    Result<void> addedTokens(dom::element value) {
        auto list = plain(value);
        if (!list) return list.error();
        const PartPlace place{where + ", added tokens", 0};
        for (const JsonValue& item : list->items()) {
            PartFields fields(item, place);
            AddedToken token;
            token.content = fields.text("content");
            token.singleWord = fields.boolean("single_word", false);
            token.stripLeft = fields.boolean("lstrip", false);
            token.stripRight = fields.boolean("rstrip", false);
            token.special = fields.boolean("special", false);
            token.normalized = fields.boolean("normalized", !token.special);
            if (auto good = fields.check(); !good) return good.error();
            if (auto id = tokenIdOf(item["id"], token.content, place); !id) return id.error();
            spec.added.push_back(std::move(token));
        }
        if (!list->isArray() && !list->isNull()) return badInput("\"added_tokens\" is not a list", where);
        return {};
    }

    Result<void> model(dom::element value) {
        if (!value.is_object()) return badInput("\"model\" is not a JSON object", where);
        std::vector<std::string_view> seen;
        JsonValue::Object fields;
        const dom::object object = value.get_object();
        for (const auto field : object) {
            if (auto once = firstTime(seen, field.key); !once) return once.error();
            Result<void> read;
            if (field.key == "vocab" && field.value.is_object()) {
                read = pieces(field.value.get_object());
            } else if (field.key == "vocab" && field.value.is_array()) {
                read = scoredPieces(field.value.get_array());
            } else if (field.key == "merges" && field.value.is_array()) {
                read = merges(field.value.get_array());
            } else if (auto other = plain(field.value); other) {
                fields.emplace_back(std::string(field.key), std::move(*other));
            } else {
                read = other.error();
            }
            if (!read) return read.error();
        }
        spec.model.fields = std::move(fields);
        return {};
    }

    Result<void> pieces(dom::object object) {
        Vocabulary& vocabulary = spec.model.pieces.emplace();
        for (const auto field : object) {
            std::int64_t id = -1;
            if (field.value.get_int64().get(id) != simdjson::SUCCESS)
                return badInput(
                    "the id of \"" + std::string(field.key.substr(0, 100)) + "\" is not a whole number",
                    where);
            if (auto added = vocabulary.add(field.key, id, where); !added) return added.error();
        }
        vocabulary.finish();
        return {};
    }

    Result<void> scoredPieces(dom::array array) {
        auto& scored = spec.model.scored.emplace();
        scored.reserve(array.size());
        for (const dom::element item : array) {
            std::string_view piece;
            double score = 0;
            dom::array pair;
            if (item.get_array().get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
                pair.at(0).get_string().get(piece) != simdjson::SUCCESS ||
                pair.at(1).get_double().get(score) != simdjson::SUCCESS)
                return badInput(
                    "entry " + std::to_string(scored.size()) + " of \"vocab\" is not a piece and its score",
                    where);
            scored.emplace_back(piece, score);
        }
        return {};
    }

    Result<void> merges(dom::array array) {
        auto& rules = spec.model.merges.emplace();
        rules.reserve(array.size());
        for (const dom::element item : array) {
            std::string_view left, right;
            dom::array pair;
            if (item.get_string().get(left) == simdjson::SUCCESS) {
                if (left.starts_with("#version")) continue;
                const std::size_t space = left.find(' ');
                if (space == std::string_view::npos || left.find(' ', space + 1) != std::string_view::npos)
                    return notPair(rules.size());
                right = left.substr(space + 1);
                left = left.substr(0, space);
            } else if (item.get_array().get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
                       pair.at(0).get_string().get(left) != simdjson::SUCCESS ||
                       pair.at(1).get_string().get(right) != simdjson::SUCCESS) {
                return notPair(rules.size());
            }
            rules.emplace_back(left, right);
        }
        return {};
    }

    Error notPair(std::size_t index) const {
        return badInput("merge " + std::to_string(index + 1) + " is not two pieces", where);
    }
};

Result<LoadedTokenizer> load(const std::filesystem::path& path) {
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const std::string_view bytes(reinterpret_cast<const char*>((*file)->bytes().data()),
                                 (*file)->bytes().size());
    Reader reader;
    reader.where = path.string();
    if (bytes.size() > kLargestFile)
        return badInput("the file has " + readableBytes(static_cast<std::int64_t>(bytes.size())) +
                            ", more than the 1.1 GB that a tokenizer may have",
                        reader.where);
    if (bytes.starts_with("version https://git-lfs"))
        return badInput("this is a Git LFS pointer, not the file itself", reader.where,
                        "Fetch it with 'git lfs pull'.");
    dom::parser parser(kLargestFile);
    const simdjson::padded_string padded(bytes.data(), bytes.size());
    dom::element root;
    if (const auto code = parser.parse(padded).get(root); code != simdjson::SUCCESS)
        return badInput(std::string("no valid JSON: ") + simdjson::error_message(code), reader.where);
    if (!root.is_object())
        return badInput("the file holds no JSON object", reader.where, "Is this a tokenizer.json?");
    if (auto read = reader.root(root.get_object()); !read) return read.error();
    return buildTokenizer(std::move(reader.spec), reader.where, {});
}

}  // namespace

const TokenizerSource kTokenizerJsonSource{"tokenizer.json", &load};

}  // namespace attnviz
