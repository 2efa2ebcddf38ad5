// vocab.json and merges.txt: byte-level BPE as GPT-2 and its relatives publish it. What the two files do not
// say (special tokens, the pattern of words) comes from tokenizer_config.json and config.json, else from the
// vocabulary.
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "core/base/mapped_file.h"
#include "core/text/tokenizer_settings.h"
#include "core/text/tokenizer_source.h"
#include "core/text/tokenizer_spec.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

// What the relatives differ in. The first row is taken where nothing names a family.
struct ByteLevelFamily {
    std::string_view name;
    std::string_view tokenizerClasses, modelTypes;  // separated by spaces
    bool robertaTokens;                             // <s> text </s>
    std::string_view pattern;                       // empty: GPT-2's
    bool nfc;
    std::string_view specials;  // separated by spaces; numbered after the vocabulary where it lacks them
};

constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::array kFamilies{
    ByteLevelFamily{"GPT-2", "GPT2Tokenizer", "gpt2 opt", false, {}, false, {}},
    ByteLevelFamily{"RoBERTa",
                    "RobertaTokenizer BartTokenizer LongformerTokenizer LEDTokenizer MvpTokenizer",
                    "roberta bart longformer led mvp",
                    true,
                    {},
                    false,
                    {}},
    ByteLevelFamily{"Qwen2", "Qwen2Tokenizer", "qwen2 qwen2_moe qwen3 qwen3_moe", false, kQwen2Pattern, true,
                    "<|endoftext|> <|im_start|> <|im_end|>"},
};

bool names(std::string_view list, std::string_view name) {
    return !name.empty() &&
           (" " + std::string(list) + " ").find(" " + std::string(name) + " ") != std::string::npos;
}

const ByteLevelFamily& familyOf(const TokenizerSettings& settings, const Vocabulary& pieces) {
    for (const ByteLevelFamily& family : kFamilies)
        if (names(family.tokenizerClasses, settings.tokenizerClass)) return family;
    for (const ByteLevelFamily& family : kFamilies)
        if (names(family.modelTypes, settings.modelType)) return family;
    const bool roberta = pieces.idOf("<s>") && pieces.idOf("</s>") && pieces.idOf("<mask>");
    return kFamilies[roberta ? 1 : 0];
}

Result<Vocabulary> readPieces(const simdjson::padded_string& bytes, const std::string& where) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (const auto code = parser.parse(bytes).get(root); code != simdjson::SUCCESS)
        return badInput(std::string("no valid JSON: ") + simdjson::error_message(code), where);
    if (!root.is_object()) return badInput("the file holds no JSON object of pieces and ids", where);
    Vocabulary pieces;
    const simdjson::dom::object object = root.get_object();
    for (const auto field : object) {
        std::int64_t id = -1;
        if (field.value.get_int64().get(id) != simdjson::SUCCESS)
            return badInput(
                "the id of \"" + std::string(field.key.substr(0, 100)) + "\" is not a whole number", where);
        if (auto added = pieces.add(field.key, id, where); !added) return added.error();
    }
    pieces.finish();
    return pieces;
}

Result<std::vector<std::pair<std::string_view, std::string_view>>> readMerges(std::string_view bytes,
                                                                              const std::string& where) {
    if (const std::size_t bad = utf8::firstInvalid(bytes); bad != std::string_view::npos)
        return badInput("the file is not valid UTF-8 at byte " + std::to_string(bad), where);
    std::vector<std::pair<std::string_view, std::string_view>> merges;
    for (std::size_t number = 1; !bytes.empty(); ++number) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with("#version")) continue;
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
            return badInput("line " + std::to_string(number) + " is not two pieces with a space between them",
                            where);
        merges.emplace_back(line.substr(0, space), line.substr(space + 1));
    }
    return merges;
}

void addSpecials(TokenizerSpec& spec, const ByteLevelFamily& family, const TokenizerSettings& settings) {
    const auto add = [&](const std::string& piece, bool stripLeft) {
        if (!spec.model.pieces->idOf(piece) && !names(family.specials, piece)) return;
        const auto same = [&](const AddedToken& token) { return token.content == piece; };
        if (std::any_of(spec.added.begin(), spec.added.end(), same)) return;
        spec.added.push_back({piece, false, stripLeft, false, false, true});
    };
    for (std::string_view rest = family.specials; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        add(std::string(rest.substr(0, end)), false);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    for (const std::string_view key :
         {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token"})
        if (const auto piece = settings.token(key)) add(*piece, false);
    if (const auto piece = settings.token("mask_token")) add(*piece, family.robertaTokens);
    if (family.robertaTokens) {
        for (const char* piece : {"<s>", "<pad>", "</s>", "<unk>"}) add(piece, false);
        add("<mask>", true);
    } else {
        add("<|endoftext|>", false);
    }
}

JsonValue robertaProcessing(const TokenizerSettings& settings, const Vocabulary& pieces,
                            bool addPrefixSpace) {
    const std::string begin = settings.token("cls_token").value_or("<s>");
    const std::string separator = settings.token("sep_token").value_or("</s>");
    const auto beginId = pieces.idOf(begin);
    const auto separatorId = pieces.idOf(separator);
    if (!beginId || !separatorId) return {};
    return JsonValue::object({{"type", "RobertaProcessing"},
                              {"sep", JsonValue::array({separator, static_cast<long>(*separatorId)})},
                              {"cls", JsonValue::array({begin, static_cast<long>(*beginId)})},
                              {"trim_offsets", true},
                              {"add_prefix_space", addPrefixSpace}});
}

// OPT and its like: a GPT-2 tokenizer that puts one token before each text.
JsonValue beginningToken(const std::string& piece, std::uint32_t id) {
    const auto special = [&](int segment) {
        return JsonValue::object(
            {{"SpecialToken", JsonValue::object({{"id", piece}, {"type_id", segment}})}});
    };
    const auto text = [](const char* name, int segment) {
        return JsonValue::object({{"Sequence", JsonValue::object({{"id", name}, {"type_id", segment}})}});
    };
    return JsonValue::object(
        {{"type", "TemplateProcessing"},
         {"single", JsonValue::array({special(0), text("A", 0)})},
         {"pair", JsonValue::array({special(0), text("A", 0), special(1), text("B", 1)})},
         {"special_tokens",
          JsonValue::object({{piece, JsonValue::object({{"id", piece},
                                                        {"ids", JsonValue::array({static_cast<long>(id)})},
                                                        {"tokens", JsonValue::array({piece})}})}})}});
}

void describe(TokenizerSpec& spec, const ByteLevelFamily& family, const TokenizerSettings& settings) {
    const bool addPrefixSpace = settings.boolean("add_prefix_space").value_or(false);
    const auto byteLevel = [&](bool useRegex) {
        return JsonValue::object({{"type", "ByteLevel"},
                                  {"add_prefix_space", addPrefixSpace},
                                  {"trim_offsets", false},
                                  {"use_regex", useRegex}});
    };
    if (family.nfc) spec.normalizer = JsonValue::object({{"type", "NFC"}});
    if (family.pattern.empty()) {
        spec.preTokenizer = byteLevel(true);
    } else {
        JsonValue split = JsonValue::object({{"type", "Split"},
                                             {"pattern", JsonValue::object({{"Regex", family.pattern}})},
                                             {"behavior", "Isolated"},
                                             {"invert", false}});
        spec.preTokenizer =
            JsonValue::object({{"type", "Sequence"},
                               {"pretokenizers", JsonValue::array({std::move(split), byteLevel(false)})}});
    }
    spec.decoder = byteLevel(true);
    const auto begin = settings.token("bos_token");
    const auto beginId = begin ? spec.model.pieces->idOf(*begin) : std::nullopt;
    if (family.robertaTokens)
        spec.postProcessor = robertaProcessing(settings, *spec.model.pieces, addPrefixSpace);
    else if (settings.boolean("add_bos_token").value_or(false) && beginId)
        spec.postProcessor = beginningToken(*begin, *beginId);
    spec.model.fields = JsonValue::object({{"type", "BPE"}});
}

Result<LoadedTokenizer> load(const std::filesystem::path& path) {
    const std::filesystem::path mergesPath = path.parent_path() / "merges.txt";
    auto vocabularyFile = MappedFile::open(path);
    if (!vocabularyFile) return vocabularyFile.error();
    auto mergesFile = MappedFile::open(mergesPath);
    if (!mergesFile) return notFound("vocab.json has no merges.txt beside it", path.string());
    auto settings = TokenizerSettings::read(path.parent_path());
    if (!settings) return settings.error();
    const auto text = [](const MappedFile& file) {
        return std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    };
    const std::string_view vocabularyText = text(**vocabularyFile);
    const simdjson::padded_string padded(vocabularyText.data(), vocabularyText.size());
    auto pieces = readPieces(padded, path.string());
    if (!pieces) return pieces.error();
    auto merges = readMerges(text(**mergesFile), mergesPath.string());
    if (!merges) return merges.error();
    TokenizerSpec spec;
    spec.model.pieces = std::move(*pieces);
    spec.model.merges = std::move(*merges);
    const ByteLevelFamily& family = familyOf(*settings, *spec.model.pieces);
    addSpecials(spec, family, *settings);
    describe(spec, family, *settings);
    return buildTokenizer(std::move(spec), path.string(), {});
}

}  // namespace

const TokenizerSource kVocabularyAndMergesSource{"vocab.json", &load};

}  // namespace attnviz
