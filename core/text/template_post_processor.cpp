// TemplateProcessing: special tokens and texts in the order that the file states, one template for a single
// text and one for a pair.
#include <algorithm>

#include "core/text/post_processor.h"

namespace attnviz {
namespace {

struct TemplatePart {
    int text = -1;              // 0 or 1; -1: special tokens
    std::vector<Token> tokens;  // the special ones
};

class TemplatePostProcessor final : public PostProcessor {
 public:
    TemplatePostProcessor(std::vector<TemplatePart> single, std::vector<TemplatePart> pair, std::string where)
        : m_single(std::move(single)), m_pair(std::move(pair)), m_where(std::move(where)) {}

    Result<void> apply(std::vector<TokenRun>& runs, const PostProcessing& options) const override {
        if (runs.empty() || runs.size() > 2)
            return unsupported("a template after another post-processor that adds tokens", m_where);
        const std::vector<TemplatePart>& parts = runs.size() == 1 ? m_single : m_pair;
        std::vector<TokenRun> out;
        for (auto part = parts.begin(); part != parts.end(); ++part) {
            if (part->text < 0) {
                if (options.addSpecialTokens) out.push_back({part->tokens, {}});
                continue;
            }
            const auto index = static_cast<std::size_t>(part->text);
            if (index >= runs.size())
                return badInput("the template for a single text names a second one", m_where);
            const bool again = std::any_of(
                part + 1, parts.end(), [&](const TemplatePart& later) { return later.text == part->text; });
            out.push_back(again ? runs[index] : std::move(runs[index]));
        }
        runs = std::move(out);
        return {};
    }

 private:
    std::vector<TemplatePart> m_single, m_pair;
    std::string m_where;
};

// {"id": "[CLS]", "ids": [101], "tokens": ["[CLS]"]}
Result<std::vector<Token>> readSpecial(const JsonValue& specials, const std::string& name, int segment,
                                       const PartPlace& place) {
    const JsonValue* entry = specials.find(name);
    if (!entry) return badInput("the template's special token \"" + name + "\" is not defined", place.where);
    const auto& ids = (*entry)["ids"].items();
    const auto& pieces = (*entry)["tokens"].items();
    if (ids.size() != pieces.size())
        return badInput("the template's special token \"" + name + "\" has " + std::to_string(ids.size()) +
                            " ids for " + std::to_string(pieces.size()) + " pieces",
                        place.where);
    std::vector<Token> tokens;
    for (std::size_t index = 0; index < ids.size(); ++index) {
        if (!pieces[index].isString())
            return badInput("a piece of \"" + name + "\" is not a string", place.where);
        auto id = tokenIdOf(ids[index], pieces[index].string(), place);
        if (!id) return id.error();
        tokens.push_back(specialToken(pieces[index].string(), *id, segment));
    }
    return tokens;
}

Result<std::vector<TemplatePart>> readTemplate(const JsonValue& spec, std::string_view key,
                                               const PartPlace& place) {
    if (!spec[key].isArray())
        return badInput("the template \"" + std::string(key) + "\" is not a list", place.where);
    if (spec[key].items().size() > 1000)
        return badInput("the template \"" + std::string(key) + "\" has more than 1000 parts", place.where);
    std::vector<TemplatePart> parts;
    for (const JsonValue& item : spec[key].items()) {
        const JsonValue& sequence = item["Sequence"];
        const JsonValue& special = item["SpecialToken"];
        TemplatePart part;
        if (sequence.isObject()) {
            const std::string& id = sequence["id"].string();
            if (id != "A" && id != "B")
                return badInput("a template's sequence is neither \"A\" nor \"B\"", place.where);
            part.text = id == "A" ? 0 : 1;
        } else if (special.isObject()) {
            const int segment = special["type_id"].integerOr(0) == 0 ? 0 : 1;
            auto tokens = readSpecial(spec["special_tokens"], special["id"].string(), segment, place);
            if (!tokens) return tokens.error();
            part.tokens = std::move(*tokens);
        } else {
            return badInput("a template's part is neither a \"Sequence\" nor a \"SpecialToken\"",
                            place.where);
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

Result<PostProcessorPointer> make(const JsonValue& spec, const PartPlace& place) {
    auto single = readTemplate(spec, "single", place);
    if (!single) return single.error();
    auto pair = readTemplate(spec, "pair", place);
    if (!pair) return pair.error();
    return PostProcessorPointer(
        std::make_shared<TemplatePostProcessor>(std::move(*single), std::move(*pair), place.where));
}

}  // namespace

const PostProcessorKind kTemplatePostProcessor{"TemplateProcessing", {}, &make};

}  // namespace attnviz
