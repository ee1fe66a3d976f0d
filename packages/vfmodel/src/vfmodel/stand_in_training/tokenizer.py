"""Builds the stand-in's CLIPTokenizer: byte-level BPE, so that any text at all has tokens."""

import json
from collections.abc import Iterable

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

_WORD_END = "</w>"
# The longest caption of the corpus has 23. CLIP itself has 77; nearly all of them would be padding,
# and attending to it a good part of the mini model's time.
MAX_TOKENS = 32


def train_tokenizer(captions: Iterable[str], num_merges: int = 1000) -> CLIPTokenizer:
    """Learns merges from captions and returns a tokenizer laid out as OpenAI's CLIP has it.

    The vocabulary is: 256 bytes, 256 bytes that end a word, one entry a merge, start, end. The end
    token has the highest id, which CLIP's text model relies on when it pools.

    Args:
        captions: Texts; common words become single tokens.
        num_merges: At most this many merges.
    """
    layout = CLIPTokenizer().backend_tokenizer
    bpe = Tokenizer(models.BPE(end_of_word_suffix=_WORD_END))
    bpe.normalizer = layout.normalizer
    bpe.pre_tokenizer = layout.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=2 * len(alphabet) + num_merges,
        end_of_word_suffix=_WORD_END,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    bpe.train_from_iterator(captions, trainer)
    merges = [tuple(pair) for pair in json.loads(bpe.to_str())["model"]["merges"]]
    words = [*alphabet, *(byte + _WORD_END for byte in alphabet)]
    # Two merges can spell the same word; the vocabulary lists it once.
    words = list(dict.fromkeys([*words, *(left + right for left, right in merges)]))
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={word: index for index, word in enumerate(words)},
        merges=merges,
        model_max_length=MAX_TOKENS,
    )
