import unicodedata

import pytest

from hdvg.plain_text import plain_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (None, ""),
        ("", ""),
        (7, "7"),
        ("a  b\n\tc", "a b c"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("a\x00b\x85c", "a b c"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("a\ud800b", "ab"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u65e5\u672c\u8a9e \u00fcber \U0001f600", "\u65e5\u672c\u8a9e \u00fcber \U0001f600"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_what_is_left_is_what_a_person_reads(text, plain):
    assert plain_text(text, 100) == plain


def test_every_letter_of_unicode_comes_out_printable():
    for start in range(0, 0x110000, 0x1000):
        text = plain_text("".join(map(chr, range(start, start + 0x1000))), 0x2000)
        strange = {letter for letter in text if not letter.isprintable()} - set("\u200c\u200d")
        assert strange == set()
        text.encode()
        assert not any(unicodedata.category(letter) == "Cc" for letter in text)


def test_long_texts_end_at_a_word():
    assert plain_text("one two three", 9) == "one two"
    assert plain_text("one two three", 7) == "one two"
    assert plain_text("x" * 50, 9) == "x" * 9
    assert len(plain_text("word " * 10**6, 500)) <= 500
