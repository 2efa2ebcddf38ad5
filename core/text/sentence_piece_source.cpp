// SentencePiece files of all families (see sentence_piece_families.h), and Marian's, whose ids are in
// vocab.json.
#include <algorithm>

#include "core/base/json_parse.h"
#include "core/text/sentence_piece_families.h"
#include "core/text/sentence_piece_model.h"
#include "core/text/tokenizer_source.h"
#include "core/text/tokenizer_spec.h"

namespace attnviz {
namespace {

using Kind = SentencePiece::Kind;

constexpr const char* kSpaceMark = "\xE2\x96\x81";  // what stands for a space in pieces

// What TokenizerParts calls so.
struct FirstSpace {
    std::string before, lone;
};

// The tokens of a family around those of its file.
struct Numbering {
    SentencePieceIds ids;
    std::vector<AddedToken> added;
    std::string where;

    Result<void> token(const std::string& name, std::int64_t id) { return ids.pieces.add(name, id, where); }
    void special(const std::string& name) {
        const auto same = [&](const AddedToken& token) { return token.content == name; };
        if (std::none_of(added.begin(), added.end(), same))
            added.push_back({name, false, name == "<mask>" || name == "[MASK]", false, false, true});
    }
};

JsonValue templatePart(const std::string& name, int segment) {
    const bool text = name == "A" || name == "B";
    return JsonValue::object(
        {{text ? "Sequence" : "SpecialToken", JsonValue::object({{"id", name}, {"type_id", segment}})}});
}

JsonValue templateOf(const TextFrame& frame, const Vocabulary& pieces) {
    JsonValue specials = JsonValue::object();
    const auto list = [&](const TokenNames& names) {
        JsonValue parts = JsonValue::array({});
        const auto second = std::find(names.begin(), names.end(), "B");
        for (auto name = names.begin(); name != names.end(); ++name) {
            if (*name == "A" || *name == "B") {
                parts.push(templatePart(*name, *name == "B" ? 1 : 0));
                continue;
            }
            const auto id = pieces.idOf(*name);
            if (!id) continue;  // a file without this token has none to put there
            parts.push(templatePart(*name, second != names.end() && name > second ? 1 : 0));
            specials.set(*name, JsonValue::object({{"id", *name},
                                                   {"ids", JsonValue::array({static_cast<long>(*id)})},
                                                   {"tokens", JsonValue::array({*name})}}));
        }
        return parts;
    };
    JsonValue single = list(frame.single);
    JsonValue pair = list(frame.pair);
    return JsonValue::object({{"type", "TemplateProcessing"},
                              {"single", std::move(single)},
                              {"pair", std::move(pair)},
                              {"special_tokens", std::move(specials)}});
}

// "▁" is a space, "<0xE4>" a byte, and the space before a text none of the text's.
JsonValue sentencePieceDecoder() {
    return JsonValue::object(
        {{"type", "Sequence"},
         {"decoders",
          JsonValue::array(
              {JsonValue::object({{"type", "Replace"},
                                  {"pattern", JsonValue::object({{"String", kSpaceMark}})},
                                  {"content", " "}}),
               JsonValue::object({{"type", "ByteFallback"}}), JsonValue::object({{"type", "Fuse"}}),
               JsonValue::object({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}})})}});
}

// What tokenizer_config.json calls special, and the tokens that it adds with their ids.
Result<void> addFromSettings(const TokenizerSettings& settings, Numbering& numbering) {
    for (const auto& [key, value] : settings.values["added_tokens_decoder"].members()) {
        const PartPlace place{numbering.where + ", added_tokens_decoder", 0};
        PartFields fields(value, place);
        AddedToken token;
        token.content = fields.text("content");
        token.singleWord = fields.boolean("single_word", false);
        token.stripLeft = fields.boolean("lstrip", false);
        token.stripRight = fields.boolean("rstrip", false);
        token.normalized = fields.boolean("normalized", false);
        token.special = fields.boolean("special", false);
        if (auto good = fields.check(); !good) return good;
        if (token.content.empty()) continue;
        const bool digits = !key.empty() && key.size() < 11 &&
                            std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!digits) return badInput("\"" + key + "\" is no id of a token", place.where);
        if (!numbering.ids.pieces.idOf(token.content))
            if (auto added = numbering.token(token.content, std::stoll(key)); !added) return added;
        std::erase_if(numbering.added,
                      [&](const AddedToken& known) { return known.content == token.content; });
        numbering.added.push_back(std::move(token));
    }
    for (const char* key :
         {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"})
        if (const auto name = settings.token(key); name && numbering.ids.pieces.idOf(*name))
            numbering.special(*name);
    return {};
}

Result<LoadedTokenizer> build(std::unique_ptr<const SentencePieceFile> file, Numbering numbering,
                              const TextFrame& frame, JsonValue normalizer, const FirstSpace& space,
                              std::shared_ptr<const Tokenizer> target) {
    TokenizerSpec spec;
    spec.normalizer = std::move(normalizer);
    spec.decoder = sentencePieceDecoder();
    numbering.ids.pieces.finish();
    spec.postProcessor = templateOf(frame, numbering.ids.pieces);
    spec.added = std::move(numbering.added);
    spec.addedByName = true;
    spec.before = space.before;
    spec.lone = space.lone;
    spec.target = std::move(target);
    const std::string where = file->where;
    auto model = makeSentencePieceModel(std::move(file), std::move(numbering.ids));
    if (!model) return model.error();
    spec.ready = std::move(*model);
    return buildTokenizer(std::move(spec), where, {});
}

Result<Numbering> number(const SentencePieceFamily& family, const TokenizerSettings& settings,
                         const SentencePieceFile& file) {
    Numbering numbering;
    numbering.where = file.where;
    const TokenNames first = family.first(settings);
    for (std::size_t id = 0; id < first.size(); ++id) {
        if (auto added = numbering.token(first[id], static_cast<std::int64_t>(id)); !added)
            return added.error();
        numbering.special(first[id]);
    }
    for (std::size_t index = 0; index < file.pieces.size(); ++index) {
        const SentencePiece& piece = file.pieces[index];
        const auto known = std::find(first.begin(), first.end(), piece.text);
        const std::size_t id =
            known != first.end() ? static_cast<std::size_t>(known - first.begin()) : index + family.offset;
        numbering.ids.ids.push_back(static_cast<std::uint32_t>(id));
        if (auto added = numbering.token(std::string(piece.text), static_cast<std::int64_t>(id)); !added)
            return added.error();
        if (piece.kind == Kind::control || piece.kind == Kind::unknown)
            numbering.special(std::string(piece.text));
    }
    auto next = static_cast<std::int64_t>(file.pieces.size() + family.offset);
    for (const std::string& name : family.last(settings)) {
        if (auto added = numbering.token(name, next++); !added) return added.error();
        numbering.special(name);
    }
    if (auto added = addFromSettings(settings, numbering); !added) return added.error();
    return numbering;
}

Result<LoadedTokenizer> loadFamily(const std::filesystem::path& path) {
    auto file = SentencePieceFile::read(path);
    if (!file) return file.error();
    auto settings = TokenizerSettings::read(path.parent_path());
    if (!settings) return settings.error();
    const SentencePieceFamily& family = sentencePieceFamily(*settings, path.filename().string(), **file);
    auto numbering = number(family, *settings, **file);
    if (!numbering) return numbering.error();
    JsonValue normalizer = family.normalizer(*settings);
    FirstSpace space;
    if (family.followsLegacy && settings->boolean("legacy") == false) {
        // As the slow tokenizers of transformers do since 4.31: one space, before the whole text.
        numbering->ids.spaceBeforeEach = false;
        // T5's sentinels take in the spaces around them, where the folder does not describe its tokens.
        if (!settings->values.find("added_tokens_decoder"))
            for (AddedToken& token : numbering->added)
                if (token.content.starts_with("<extra_id_")) token.stripLeft = token.stripRight = true;
        if (settings->boolean("add_prefix_space").value_or(true)) space.before = kSpaceMark;
        space.lone = kSpaceMark;
        normalizer = JsonValue::object({{"type", "Replace"},
                                        {"pattern", JsonValue::object({{"String", kSpaceMark}})},
                                        {"content", " "}});
    }
    return build(std::move(*file), std::move(*numbering), family.frame(*settings), std::move(normalizer),
                 space, nullptr);
}

// Marian: pieces have their ids by name in vocab.json; those that it lacks are unknown.
Result<LoadedTokenizer> loadMarianSide(const std::filesystem::path& path, const JsonValue& vocabulary,
                                       const TokenizerSettings& settings,
                                       std::shared_ptr<const Tokenizer> target) {
    auto file = SentencePieceFile::read(path);
    if (!file) return file.error();
    Numbering numbering;
    numbering.where = path.string();
    const PartPlace place{(path.parent_path() / "vocab.json").string(), 0};
    for (const auto& [name, value] : vocabulary.members()) {
        auto id = tokenIdOf(value, name, place);
        if (!id) return id.error();
        if (auto added = numbering.token(name, *id); !added) return added.error();
        if (name.starts_with(">>") && name.ends_with("<<")) numbering.special(name);
    }
    const std::string unknown = settings.token("unk_token").value_or("<unk>");
    const auto unknownId = numbering.ids.pieces.idOf(unknown);
    if (!unknownId) return badInput("vocab.json has no \"" + unknown + "\"", place.where);
    for (const SentencePiece& piece : (*file)->pieces)
        numbering.ids.ids.push_back(numbering.ids.pieces.idOf(piece.text).value_or(*unknownId));
    const std::string end = settings.token("eos_token").value_or("</s>");
    for (const std::string& name : {end, unknown, settings.token("pad_token").value_or("<pad>")})
        if (numbering.ids.pieces.idOf(name)) numbering.special(name);
    return build(std::move(*file), std::move(numbering), {{"A", end}, {"A", "B", end}}, {}, {},
                 std::move(target));
}

Result<LoadedTokenizer> loadMarian(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.parent_path();
    auto settings = TokenizerSettings::read(folder);
    if (!settings) return settings.error();
    auto vocabulary = readJsonFile(folder / "vocab.json");
    if (!vocabulary) return vocabulary.error();
    if (!vocabulary->isObject())
        return badInput("the file holds no JSON object of pieces and ids", (folder / "vocab.json").string());
    std::shared_ptr<const Tokenizer> target;
    std::error_code failure;
    if (std::filesystem::exists(folder / "target.spm", failure)) {
        auto side = loadMarianSide(folder / "target.spm", *vocabulary, *settings, nullptr);
        if (!side) return side.error();
        target = side->tokenizer;
    }
    return loadMarianSide(path, *vocabulary, *settings, std::move(target));
}

}  // namespace

const TokenizerSource kMarianSource{"source.spm", &loadMarian};
const TokenizerSource kSentencePieceSource{
    "spiece.model tokenizer.model sentencepiece.bpe.model *.model.v3 *.model.v2 *.model.v1", &loadFamily};

}  // namespace attnviz
