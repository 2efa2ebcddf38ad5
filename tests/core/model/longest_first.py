"""Prints what `tokenizers` keeps of two texts when it truncates "longest_first": the rows of text_run_test."""
from tokenizers import Tokenizer, models, pre_tokenizers, processors

vocabulary = {"[CLS]": 0, "[SEP]": 1, "a": 2, "b": 3}
for first, second, limit in [(7, 2, 10), (2, 7, 10), (5, 5, 12), (5, 5, 11), (3, 7, 8), (7, 3, 8), (6, 9, 7), (4, 4, 4)]:
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[CLS]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0))
    tokenizer.enable_truncation(limit, strategy="longest_first")
    ids = tokenizer.encode(" ".join("a" * first), " ".join("b" * second)).ids
    print(first, second, limit, "->", ids.count(2), ids.count(3))
