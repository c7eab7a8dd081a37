"""Text files in whatever encoding they were saved."""

import pytest

from app.knowledge.readers.encodings import decoded
from app.knowledge.readers.refusal import Refused

KOREAN = "디바이스 등록 방법을 알려 드립니다.\r\n화면 설정은 다음과 같습니다. 똠방각하 SCR-101\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_korean(encoding):
    assert decoded(KOREAN.encode(encoding)) == KOREAN


def test_euc_kr():
    text = KOREAN.replace("똠방각하", "")
    assert decoded(text.encode("euc-kr")) == text


@pytest.mark.parametrize("text", ["화면", "해지는 언제든지", "가격: 9,900원", "A동 3층 안내"])
def test_short_korean(text):
    assert decoded(text.encode("cp949")) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("画面が暗いときの対処方法です。電源を確認してください。", "cp932"),
        ("设备屏幕黑屏怎么办？请重新启动设备，然后检查电源。", "gb18030"),
        ("Ein Gerät wählen, Größe prüfen: déjà vu, naïve résumé", "cp1252"),
        ("Экран погас. Проверьте питание и кабель устройства.", "cp1251"),
        ("plain ASCII", "ascii"),
        ("emoji 😀 and 화면", "utf-8"),
    ],
)
def test_other_languages(text, encoding):
    assert decoded(text.encode(encoding)) == text


def test_a_cut_last_character_and_a_few_broken_bytes():
    assert decoded("화면이 켜집니다".encode("cp949")[:-1]) == "화면이 켜집니"
    assert decoded("화면이 켜집니다".encode()[:-1]) == "화면이 켜집니"
    log = ("화면이 켜집니다\n" * 100).encode()
    assert "화면이 켜집니다" in decoded(log[:500] + b"\xff" + log[500:])


@pytest.mark.parametrize("data", [bytes(range(256)) * 20, b"\0" * 100, b"\x01\x02\x03" * 50])
def test_what_is_no_text(data):
    with pytest.raises(Refused) as caught:
        decoded(data)
    assert caught.value.code == "unsupported_file"
