"""The charsets that others may name for a text they send."""

import codecs

# Names of Python's codecs. Others are ignored: some, such as `zlib` or `idna`, are no charsets, and
# the time that `punycode` takes grows with the square of the length.
WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
NARROW = {"euc_kr", "cp949", "johab", "iso8859-1", "cp1252", "shift_jis", "cp932", "gbk", "big5"}
_MORE = {
    *("utf-8", "utf-8-sig", "ascii", "euc_jp", "iso2022_jp", "gb2312", "gb18030", "koi8-r"),
    *("iso8859-2", "iso8859-5", "iso8859-9", "iso8859-15"),
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
}


def codec_of(charset: str) -> str:
    """Return the name of Python's codec for a charset, empty if there is none."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except (LookupError, ValueError):
        return ""
    return name if name in WIDE or name in NARROW or name in _MORE else ""
