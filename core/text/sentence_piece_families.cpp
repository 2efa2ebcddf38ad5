#include "core/text/sentence_piece_families.h"

#include <algorithm>
#include <array>

namespace attnviz {
namespace {

using Settings = const TokenizerSettings&;

TokenNames words(std::string_view list) {
    TokenNames out;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(' '), list.size());
        out.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return out;
}

TokenNames none(Settings) {
    return {};
}
JsonValue asItIs(Settings) {
    return {};
}

// ALBERT

TextFrame albertFrame(Settings settings) {
    const std::string begin = settings.token("cls_token").value_or("[CLS]");
    const std::string separator = settings.token("sep_token").value_or("[SEP]");
    return {{begin, "A", separator}, {begin, "A", separator, "B", separator}};
}

JsonValue albertNormalizer(Settings settings) {
    if (!settings.found && settings.modelType.empty()) return {};
    JsonValue parts = JsonValue::array({});
    for (const char* quotes : {"``", "''"})
        parts.push(JsonValue::object(
            {{"type", "Replace"}, {"pattern", JsonValue::object({{"String", quotes}})}, {"content", "\""}}));
    if (!settings.boolean("keep_accents").value_or(false)) {
        parts.push(JsonValue::object({{"type", "NFKD"}}));
        parts.push(JsonValue::object({{"type", "StripAccents"}}));
    }
    if (settings.boolean("do_lower_case").value_or(true))
        parts.push(JsonValue::object({{"type", "Lowercase"}}));
    return JsonValue::object({{"type", "Sequence"}, {"normalizers", std::move(parts)}});
}

// T5

TokenNames t5Last(Settings settings) {
    const bool multilingual = settings.tokenizerClass == "MT5Tokenizer" || settings.modelType == "mt5";
    const auto count =
        std::clamp<std::int64_t>(settings.values["extra_ids"].integerOr(multilingual ? 0 : 100), 0, 10000);
    TokenNames out;
    for (std::int64_t i = count; i-- > 0;) out.push_back("<extra_id_" + std::to_string(i) + ">");
    return out;
}

TextFrame t5Frame(Settings settings) {
    const std::string end = settings.token("eos_token").value_or("</s>");
    return {{"A", end}, {"A", end, "B", end}};
}

// Pegasus: two ids of its own, two masks, and 101 unused ones

TokenNames pegasusFirst(Settings) {
    TokenNames out = words("<pad> </s> <mask_1> <mask_2>");
    for (int i = 2; i <= 102; ++i) out.push_back("<unk_" + std::to_string(i) + ">");
    return out;
}

TextFrame pegasusFrame(Settings settings) {
    const std::string end = settings.token("eos_token").value_or("</s>");
    return {{"A", end}, {"A", "B", end}};
}

// XLM-R, CamemBERT and mBART number as fairseq does

TokenNames fairseqFirst(Settings) {
    return words("<s> <pad> </s> <unk>");
}
TokenNames camembertFirst(Settings) {
    return words("<s>NOTUSED <pad> </s>NOTUSED <unk> <unk>NOTUSED");
}
TokenNames maskLast(Settings) {
    return {"<mask>"};
}

TextFrame robertaFrame(Settings settings) {
    const std::string begin = settings.token("cls_token").value_or("<s>");
    const std::string end = settings.token("sep_token").value_or("</s>");
    return {{begin, "A", end}, {begin, "A", end, end, "B", end}};
}

constexpr std::string_view kLanguages25 =
    "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM "
    "ne_NP "
    "nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN";
constexpr std::string_view kMoreLanguages =
    "af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF pt_XX sv_SE "
    "sw_KE "
    "ta_IN te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI";

TokenNames mbartLast(Settings) {
    TokenNames out = words(kLanguages25);
    out.emplace_back("<mask>");
    return out;
}
TokenNames mbart50Last(Settings) {
    TokenNames out = words(kLanguages25);
    for (auto& language : words(kMoreLanguages)) out.push_back(std::move(language));
    out.emplace_back("<mask>");
    return out;
}

std::string sourceLanguage(Settings settings) {
    return settings.token("src_lang").value_or("en_XX");
}
TextFrame mbartFrame(Settings settings) {
    const std::string language = sourceLanguage(settings);
    return {{"A", "</s>", language}, {"A", "B", "</s>", language}};
}
TextFrame mbart50Frame(Settings settings) {
    const std::string language = sourceLanguage(settings);
    return {{language, "A", "</s>"}, {language, "A", "B", "</s>"}};
}

// Llama, Mistral and their like

TextFrame llamaFrame(Settings settings) {
    TokenNames before, behind;
    if (settings.boolean("add_bos_token").value_or(true))
        before.push_back(settings.token("bos_token").value_or("<s>"));
    if (settings.boolean("add_eos_token").value_or(false))
        behind.push_back(settings.token("eos_token").value_or("</s>"));
    TextFrame frame;
    frame.single = before;
    frame.single.emplace_back("A");
    frame.single.insert(frame.single.end(), behind.begin(), behind.end());
    frame.pair = frame.single;
    frame.pair.insert(frame.pair.end(), before.begin(), before.end());
    frame.pair.emplace_back("B");
    frame.pair.insert(frame.pair.end(), behind.begin(), behind.end());
    return frame;
}

constexpr SentencePieceFamily kAlbert{"ALBERT", "AlbertTokenizer", "albert",         &none, 0,
                                      &none,    &albertFrame,      &albertNormalizer};
constexpr SentencePieceFamily kT5{
    "T5", "T5Tokenizer MT5Tokenizer", "t5 mt5 umt5 longt5", &none, 0, &t5Last, &t5Frame, &asItIs, true};
constexpr SentencePieceFamily kPegasus{"Pegasus", "PegasusTokenizer", "pegasus", &pegasusFirst, 103,
                                       &none,     &pegasusFrame,      &asItIs};
constexpr SentencePieceFamily kXlmRoberta{"XLM-R",
                                          "XLMRobertaTokenizer",
                                          "xlm-roberta xlm-roberta-xl xmod",
                                          &fairseqFirst,
                                          1,
                                          &maskLast,
                                          &robertaFrame,
                                          &asItIs};
constexpr SentencePieceFamily kCamembert{"CamemBERT", "CamembertTokenizer", "camembert", &camembertFirst, 4,
                                         &maskLast,   &robertaFrame,        &asItIs};
constexpr SentencePieceFamily kMbart{"mBART", "MBartTokenizer", "mbart",     &fairseqFirst,
                                     1,       &mbartLast,       &mbartFrame, &asItIs};
constexpr SentencePieceFamily kMbart50{"mBART-50",   "MBart50Tokenizer", "",     &fairseqFirst, 1,
                                       &mbart50Last, &mbart50Frame,      &asItIs};
constexpr SentencePieceFamily kLlama{"Llama",
                                     "LlamaTokenizer CodeLlamaTokenizer GemmaTokenizer MistralTokenizer",
                                     "llama mistral mixtral gemma gemma2 phi3",
                                     &none,
                                     0,
                                     &none,
                                     &llamaFrame,
                                     &asItIs,
                                     true};

constexpr std::array kFamilies{&kAlbert,    &kT5,    &kPegasus, &kXlmRoberta,
                               &kCamembert, &kMbart, &kMbart50, &kLlama};

bool names(std::string_view list, std::string_view name) {
    return !name.empty() &&
           (" " + std::string(list) + " ").find(" " + std::string(name) + " ") != std::string::npos;
}

bool has(const SentencePieceFile& file, std::string_view text) {
    return std::any_of(file.pieces.begin(), file.pieces.end(),
                       [&](const SentencePiece& piece) { return piece.text == text; });
}

}  // namespace

const SentencePieceFamily& sentencePieceFamily(Settings settings, std::string_view fileName,
                                               const SentencePieceFile& file) {
    for (const SentencePieceFamily* family : kFamilies)
        if (names(family->tokenizerClasses, settings.tokenizerClass)) return *family;
    for (const SentencePieceFamily* family : kFamilies)
        if (names(family->modelTypes, settings.modelType)) return *family;
    if (has(file, "[CLS]") && has(file, "[SEP]")) return kAlbert;
    if (fileName == "sentencepiece.bpe.model") return kXlmRoberta;
    return fileName == "spiece.model" ? kT5 : kLlama;
}

}  // namespace attnviz
