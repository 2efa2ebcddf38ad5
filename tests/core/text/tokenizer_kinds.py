"""Small made-up tokenizers, at least one for each kind of part; made for make_tokenizer_goldens.py."""

import json

import sentence_piece_kinds
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = [
    "The quick brown fox jumps over the lazy dog, and the dog's friends don't care.",
    "Naïve cafés, résumés and Ångströms; 1984, 3.14159 and ½ of ٣٤٥.",
    "日本語のテキスト 中文字 한국어 русский язык ελληνικά हिन्दी",
    "under_score-hyphen.dot,comma:colon  two   spaces\tand tabs",
    "emoji 👩‍👩‍👧‍👦 🏳️‍🌈 😀 and so on, the the the fox fox dog dog",
]
ALPHABET = pre_tokenizers.ByteLevel.alphabet()
CLS, SEP, UNK = "[CLS]", "[SEP]", "[UNK]"
GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def template():
    return processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[(CLS, 1), (SEP, 2)]
    )


def words(extra=()):
    vocabulary = {piece: index for index, piece in enumerate([UNK, CLS, SEP, *extra])}
    for text in TEXTS:
        for word in text.replace(",", " ").replace(".", " ").split():
            for piece in (word, word.lower(), *word):
                vocabulary.setdefault(piece, len(vocabulary))
    return vocabulary


def trained(model, trainer, normalizer=None, pre_tokenizer=None):
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(TEXTS * 4, trainer)
    return tokenizer


def bpe(size=420, **options):
    chosen = dict(vocab_size=size, show_progress=False, special_tokens=[UNK, CLS, SEP])
    return trainers.BpeTrainer(**{**chosen, **options})


def word_level():
    tokenizer = Tokenizer(models.WordLevel(words(), unk_token=UNK))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip(True, False)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = template()
    return tokenizer


def word_level_bert():
    tokenizer = Tokenizer(models.WordLevel(words(), unk_token=UNK))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=None)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing((SEP, 2), (CLS, 1))
    return tokenizer


def word_piece():
    trainer = trainers.WordPieceTrainer(vocab_size=400, show_progress=False, special_tokens=[UNK, CLS, SEP])
    tokenizer = trained(
        models.WordPiece(unk_token=UNK, max_input_chars_per_word=12),
        trainer,
        normalizers.Sequence([normalizers.NFKD(), normalizers.Strip(False, True), normalizers.Lowercase()]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_next")]),
    )
    tokenizer.post_processor = template()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def bpe_metaspace():
    byte_pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = trained(
        models.BPE(unk_token=UNK, byte_fallback=True, fuse_unk=True),
        bpe(440, special_tokens=[UNK, CLS, SEP] + byte_pieces),
        None,
        pre_tokenizers.Metaspace(prepend_scheme="first"),
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def bpe_affixes():
    tokenizer = trained(
        models.BPE(unk_token=UNK, continuing_subword_prefix="##", end_of_word_suffix="</w>"),
        bpe(350, continuing_subword_prefix="##", end_of_word_suffix="</w>"),
        normalizers.NFKC(),
        pre_tokenizers.WhitespaceSplit(),
    )
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return tokenizer


def byte_level_split():
    tokenizer = trained(
        models.BPE(ignore_merges=True),
        bpe(initial_alphabet=ALPHABET),
        normalizers.NFC(),
        pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(GPT4), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
        ),
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), template()])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def roberta():
    tokenizer = trained(models.BPE(), bpe(initial_alphabet=ALPHABET), None, pre_tokenizers.ByteLevel(True))
    tokenizer.post_processor = processors.RobertaProcessing((SEP, 2), (CLS, 1), trim_offsets=True, add_prefix_space=True)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def splits():
    tokenizer = Tokenizer(models.WordLevel(words(), unk_token=UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.CharDelimiterSplit("x"),
            pre_tokenizers.Split("-", "merged_with_previous"),
            pre_tokenizers.Split("_", "merged_with_next"),
            pre_tokenizers.Split(" ", "contiguous"),
            pre_tokenizers.Split(",", "removed"),
            pre_tokenizers.Split(Regex(r"\w+|\s"), "removed", invert=True),
            pre_tokenizers.Digits(individual_digits=False),
        ]
    )
    return tokenizer


def characters():
    tokenizer = Tokenizer(models.WordLevel(words(), unk_token=UNK))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.Split(Regex(""), "isolated"),
        ]
    )
    return tokenizer


def added():
    tokenizer = Tokenizer(models.WordLevel(words(), unk_token=UNK))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = template()
    tokenizer.add_tokens(
        [
            AddedToken("The Quick", normalized=True),
            AddedToken("fox", single_word=True, normalized=False),
            AddedToken("dog", lstrip=True, rstrip=True),
            AddedToken("dogs", rstrip=True, normalized=False),
            AddedToken("é", normalized=False),
        ]
    )
    tokenizer.add_special_tokens([CLS, SEP, AddedToken("<|x|>", rstrip=True), AddedToken("<|x", single_word=True)])
    return tokenizer


def replaced():
    tokenizer = Tokenizer(models.WordLevel(words(), unk_token=UNK))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Replace("the", "THE "),
            normalizers.Prepend("▁"),
            normalizers.Replace(Regex(r"(?<=o)x|\p{Han}"), "日本"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="_", prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement="_")
    return tokenizer


def byte_normalizer():
    tokenizer = trained(models.BPE(), bpe(initial_alphabet=ALPHABET), normalizers.ByteLevel())
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def unigram_vocabulary():
    trainer = trainers.UnigramTrainer(vocab_size=220, show_progress=False, special_tokens=["<unk>"], unk_token="<unk>")
    trained_one = trained(models.Unigram(), trainer, None, pre_tokenizers.Metaspace())
    return [tuple(entry) for entry in json.loads(trained_one.to_str())["model"]["vocab"]]


def unigram():
    tokenizer = Tokenizer(models.Unigram(unigram_vocabulary(), unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def unigram_bytes():
    vocabulary = unigram_vocabulary() + [(f"<0x{byte:02X}>", 0.0) for byte in range(256)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
    tokenizer.normalizer = normalizers.Precompiled(sentence_piece_kinds.charsmap(TEXTS))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return tokenizer


def bpe_ignoring_merges():
    pieces = {piece: index for index, piece in enumerate([UNK, "t", "h", "e", "f", "o", "x", "th", "fo", "the", "fox"])}
    tokenizer = Tokenizer(models.BPE(pieces, [("t", "h"), ("f", "o")], unk_token=UNK, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


KINDS = {
    "word-level": word_level,
    "word-level-bert": word_level_bert,
    "word-piece": word_piece,
    "bpe-metaspace": bpe_metaspace,
    "bpe-affixes": bpe_affixes,
    "byte-level-split": byte_level_split,
    "roberta": roberta,
    "splits": splits,
    "characters": characters,
    "added": added,
    "replaced": replaced,
    "byte-normalizer": byte_normalizer,
    "unigram": unigram,
    "unigram-bytes": unigram_bytes,
    "bpe-ignoring-merges": bpe_ignoring_merges,
}
