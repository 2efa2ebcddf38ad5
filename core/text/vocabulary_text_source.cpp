// vocab.txt: BERT's WordPiece vocabulary, one piece a line. Its case is known only from
// tokenizer_config.json.
#include "core/base/mapped_file.h"
#include "core/text/tokenizer_settings.h"
#include "core/text/tokenizer_source.h"
#include "core/text/tokenizer_spec.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

Result<Vocabulary> readPieces(std::string_view bytes, const std::string& where) {
    Vocabulary pieces;
    std::int64_t id = 0;
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (auto added = pieces.add(line, id++, where); !added) return added.error();
    }
    pieces.finish();
    return pieces;
}

JsonValue templateToken(const std::string& piece, int segment) {
    return JsonValue::object({{"SpecialToken", JsonValue::object({{"id", piece}, {"type_id", segment}})}});
}

JsonValue templateText(const char* id, int segment) {
    return JsonValue::object({{"Sequence", JsonValue::object({{"id", id}, {"type_id", segment}})}});
}

JsonValue bertTemplate(const std::string& begin, const std::string& separator, const Vocabulary& pieces) {
    JsonValue specials = JsonValue::object();
    for (const std::string& piece : {begin, separator})
        specials.set(piece,
                     JsonValue::object({{"id", piece},
                                        {"ids", JsonValue::array({static_cast<long>(*pieces.idOf(piece))})},
                                        {"tokens", JsonValue::array({piece})}}));
    return JsonValue::object({{"type", "TemplateProcessing"},
                              {"single", JsonValue::array({templateToken(begin, 0), templateText("A", 0),
                                                           templateToken(separator, 0)})},
                              {"pair", JsonValue::array({templateToken(begin, 0), templateText("A", 0),
                                                         templateToken(separator, 0), templateText("B", 1),
                                                         templateToken(separator, 1)})},
                              {"special_tokens", std::move(specials)}});
}

JsonValue bertNormalizer(bool clean, bool setIdeographsApart, bool stripAccents, bool lowercase) {
    return JsonValue::object({{"type", "BertNormalizer"},
                              {"clean_text", clean},
                              {"handle_chinese_chars", setIdeographsApart},
                              {"strip_accents", stripAccents},
                              {"lowercase", lowercase}});
}

// Where there is only vocab.txt, the reference is the slow tokenizer of `transformers`, which drops
// unassigned characters and composes the others between cleaning and lowering.
JsonValue normalizer(const TokenizerSettings& settings, bool lowercase) {
    const bool ideographs = settings.boolean("tokenize_chinese_chars").value_or(true);
    const bool accents = settings.boolean("strip_accents").value_or(lowercase);
    JsonValue parts = JsonValue::array({JsonValue::object({{"type", "DropUnassigned"}}),
                                        bertNormalizer(true, ideographs, false, false),
                                        JsonValue::object({{"type", "NFC"}})});
    if (accents || lowercase) parts.push(bertNormalizer(false, false, accents, lowercase));
    return JsonValue::object({{"type", "Sequence"}, {"normalizers", std::move(parts)}});
}

Result<LoadedTokenizer> load(const std::filesystem::path& path) {
    const std::string where = path.string();
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const std::string_view bytes(reinterpret_cast<const char*>((*file)->bytes().data()),
                                 (*file)->bytes().size());
    if (const std::size_t bad = utf8::firstInvalid(bytes); bad != std::string_view::npos)
        return badInput("the file is not valid UTF-8 at byte " + std::to_string(bad), where);
    if (bytes.starts_with("version https://git-lfs"))
        return badInput("this is a Git LFS pointer, not the file itself", where,
                        "Fetch it with 'git lfs pull'.");
    auto settings = TokenizerSettings::read(path.parent_path());
    if (!settings) return settings.error();
    auto pieces = readPieces(bytes, where);
    if (!pieces) return pieces.error();

    std::vector<std::string> notices;
    const auto lowercase = settings->boolean("do_lower_case");
    if (!settings->found)
        notices.emplace_back("vocab.txt has no tokenizer_config.json beside it: taken as cased");
    TokenizerSpec spec;
    const bool lower = lowercase.value_or(settings->found);
    spec.normalizer = normalizer(*settings, lower);
    spec.preTokenizer = JsonValue::object({{"type", "BertPreTokenizer"}});
    spec.decoder = JsonValue::object({{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}});
    const std::string unknown = settings->token("unk_token").value_or("[UNK]");
    const std::string begin = settings->token("cls_token").value_or("[CLS]");
    const std::string separator = settings->token("sep_token").value_or("[SEP]");
    for (const std::string& piece : {settings->token("pad_token").value_or("[PAD]"), unknown, begin,
                                     separator, settings->token("mask_token").value_or("[MASK]")})
        if (pieces->idOf(piece)) spec.added.push_back({piece, false, false, false, false, true});
    if (pieces->idOf(begin) && pieces->idOf(separator))
        spec.postProcessor = bertTemplate(begin, separator, *pieces);
    else
        notices.push_back("vocab.txt has no " + begin + " or " + separator + ": no special tokens are added");
    spec.model.fields = JsonValue::object({{"type", "WordPiece"},
                                           {"unk_token", unknown},
                                           {"continuing_subword_prefix", "##"},
                                           {"max_input_chars_per_word", 100}});
    spec.model.pieces = std::move(*pieces);
    return buildTokenizer(std::move(spec), where, std::move(notices));
}

}  // namespace

const TokenizerSource kVocabularyTextSource{"vocab.txt", &load};

}  // namespace attnviz
