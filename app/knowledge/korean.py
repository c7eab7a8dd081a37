"""Removes particles and verb endings from Korean words.

There are two strengths. `bare` removes only what no noun ends with, because syllable pairs are made
from its result: 배너광고 must not lose its 고. `stem` removes as much as it can, repeatedly, and
may cut a noun short. That does no harm: documents and queries are cut alike, and the stem is only
an additional token.
"""

import re

# No noun that matters to a search ends like these.
_PARTICLES = """
을 를 은 는 에 에서 에게 에게서 한테 한테서 께서 으로 으로서 으로써 로서 로써 부터 까지 보다 처럼
만큼 마다 밖에 조차 마저 이나 이랑 이든 이든지 든지 이라도 라도 에는 에도 에만 에서는 에서도
에서만 에서의 으로는 으로도 으로만 으로의 까지는 까지도 까지만 부터는 들은 들이 들을 들의 들도
들에 들에게 들과 들로 이란 이라는 라는 이라고 라고 이며 이고 이면 인지 인지요 인가 인가요 인데
인데요 입니다 입니까 이에요 예요 이었 이죠 보다는 처럼은 에게는 하고는 이라면 라면 이지만 이거나
이네요
"""

# Endings after 하 and 되, which turn a noun into a verb: 해지하려면, 등록되지.
_AFTER_DO = """
다 는 고 여 여서 면 면은 면서 며 려면 려고 려는 려 지 지만 지는 지도 지를 지가 니 니까 나요 는지
는지요 는데 는데요 는가 는가요 는지를 기 기가 기를 기는 기도 기에 기만 기로 게 게끔 도록 거나 거든
자마자 세요 시면 시려면 십시오 시는 신 셔야 셨 셨는데 겠습니다 겠다 던 던데 다가 더라도 더니
더라고요 죠 네요 자고 자는 라고 라는 느라 려다 려다가 면요 고요 고는 고도 고서 고자 는동안
"""
_CONTRACTED = """
합니다 합니까 합시다 한다 한다면 한다고 한다는 한지 한데 할지 할까 할까요 할게요 할때 할수 했다
했는데 했는데도 했는데요 했어요 했습니다 했더니 했을 했을때 했던 했나요 했고 했으며 했지만 했으나
했다가 했다면 했는지 해요 해서 해서는 해야 해야만 해야지 해야하 해도 해라 해주 해주는 해주세요
해줘 해줘요 해보 해보세요 해볼 해두 해두면 해둔 해놓 해달라 하였다 하였습니다 하였으나 하여도
하여야 하여금 된다 된다면 된다고 된다는 된지 된데 될 될지 될까 될까요 될때 됨 됩니다 됩니까 됐다
됐는데 됐는데요 됐어요 됐습니다 됐고 됐을 됐던 됐나요 됐지만 됐으며 됐다면 됐는지 되었다 되었는데
되었습니다 되었을 되었던 되었고 되었으며 되었지만 되어 되어서 되어야 되어도 되어있 되어있는
되어있지 돼 돼요 돼서 돼야 돼도 돼있 된 돼있는 시키는 시키고 시키면 시킬 시켜 시켜서 시켜야
시킵니다 시키려면 시키지 시키기 시켰 시켰는데 시킨
"""

# Endings of any verb.
_ENDINGS = """
습니다 습니까 니다 니까 어요 아요 여요 에요 나요 는데 는데요 는데도 는지 는지요 는지를 었는데
았는데 었습니다 았습니다 었어요 았어요 었다 았다 으면 으려면 려면 려고 면서 지만 거나 도록 자마자
세요 으세요 십시오 을까 을까요 을지 을때 어서 아서 어야 아야 어도 아도 었을 았을 었던 았던
겠습니다 네요 군요 던데 더니 더라도 다가 다면 다고 은지 은데 은데요 는가 는가요 는다 는다면 지않
지도않 었지만 았지만 었나요 았나요 었으면 았으면 으며 으니 으니까 으로써 으므로 는게 는것 을수
"""

# Nouns may also end like these.
_DOUBTFUL = """
이 가 도 의 로 와 과 만 들 님 랑 뿐 요 고 면 지 며 게 기 니 서 던 나 자 다 한 할 함 해 하 되 시 음
하게 하기 하지 하자 히 께 여 야 아 어 로는 로도 로만 로의 과는 와는 과의 와의 만은 만을 만의
"""

_DO = frozenset({f"{do}{ending}" for do in "하되" for ending in _AFTER_DO.split()})
_LONG_PARTICLES = frozenset(word for word in _PARTICLES.split() if len(word) > 1)
_VERBAL = frozenset(_ENDINGS.split()) | _DO | frozenset(_CONTRACTED.split())
_SAFE = frozenset(_PARTICLES.split()) | _VERBAL
_ALL = _SAFE | frozenset(_DOUBTFUL.split())
_AFTER_SYLLABLE = frozenset("을를은는이가에의로와과도만")
_LONGEST = max(map(len, _ALL))
_SHORTEST_STEM = 2
_PASSES = 4

_SYLLABLE = re.compile("[가-힣]")
_FIRST = ord("가")
_FINALS = 28
_VOWELS = 21
# Final consonants that belong to the ending: 꺼집니다, 꺼졌어요, 나온다.
_ENDING_FINALS = frozenset({4, 17, 20})  # ㄴ, ㅂ, ㅆ
# Vowels before an ending merged into them: 꺼져 → 꺼지, 바꿔 → 바꾸, 나와 → 나오.
_UNMERGED = {6: 20, 14: 13, 9: 8, 10: 11}


def is_particle(word: str) -> bool:
    """Return whether a word can follow a name directly, as in `101은` or `PDF로는`."""
    return word in _ALL


def syllable(word: str) -> str:
    """Return the one-syllable noun that the word may consist of (앱이, 앱에서); "" if none."""
    rest = word[1:]
    return word[0] if rest in _AFTER_SYLLABLE or rest in _LONG_PARTICLES else ""


def bare(word: str) -> str:
    """Return the word without the particles and endings that can't be part of a noun."""
    for _ in range(_PASSES):
        ending = _ending(word, _SAFE)
        if not ending:
            break
        word = word[: -len(ending)]
    return word


def stem(word: str) -> str:
    """Return the shortest part that all forms of a word have in common."""
    for _ in range(_PASSES):
        ending = _ending(word, _ALL)
        if not ending:
            break
        word = word[: -len(ending)]
        if ending in _VERBAL:
            word = _unmerged(word, final=True)
    return _unmerged(word, final=False)


def _ending(word: str, endings: frozenset[str]) -> str:
    for length in range(min(_LONGEST, len(word) - _SHORTEST_STEM), 0, -1):
        if word[-length:] in endings:
            return word[-length:]
    return ""


def _unmerged(word: str, *, final: bool) -> str:
    """Return a verb's dictionary stem; `final`: also remove an ending's final consonant."""
    last = word[-1]
    if not _SYLLABLE.match(last):
        return word
    rest, consonant = divmod(ord(last) - _FIRST, _FINALS)
    start, vowel = divmod(rest, _VOWELS)
    if consonant == 0:
        vowel = _UNMERGED.get(vowel, vowel)
    elif final and consonant in _ENDING_FINALS:
        vowel, consonant = _UNMERGED.get(vowel, vowel), 0
    return word[:-1] + chr(_FIRST + (start * _VOWELS + vowel) * _FINALS + consonant)
