"""Words that are too common in questions to help a search."""

_ENGLISH = """
a about an and any are as at be been but by can could did do does for from get had has have how i
if in into is it its may me my of on or our please s shall should so some t than that the their
them then there these they this those to us was we were what when where which who why will with
would you your
"""

_KOREAN = """
가능 가지 같은 같이 거 건가 건가요 것 것을 것이 경우 그 그것 그런 그런데 그럼 그리고 궁금 내 너무
누가 누구 다 다른 대한 대해 대해서 더 되 된 될 따라 때 때문 또 또는 뜻 만약 말 모두 모든 못 무슨
무엇 무엇을 뭐 뭐가 뭔가 및 바 방법 수 싶 싶어 싶은 쓰 아니 안 알 알고 알려 알려주 알려줘 어느
어디 어디서 어떤 어떻 어떻게 언제 얼마 얼마나 없 없나 없는 없어 에 와 왜 우리 위 위한 위해 위해서
을 의 이 이것 이런 이미 있 있는 있나 있어 있을 있고 인 일 저 저희 전 정도 제 제가 좀 주 줘 중 지금
통해 하 한 할 함께 해 해야 후 어떡해 어찌 이렇게 그렇게 있다 없다 하다 되다 이다 아니다 됩니다
합니다 있습니다 없습니다 입니다 인가요 있나요 없나요 되나요 하나요 돼요 해요 하면 되면 하려면
되려면 하고 되고 하는 되는 싶어요 싶습니다 싶은데 싶은데요 주세요 해주세요 알려주세요 궁금해요
궁금합니다 뭔가요 뭐예요 무엇인가요 어디인가요 어디에 어디에서 언제까지 언제부터 얼마인가요
얼마예요 얼마나요
"""

STOP_WORDS = frozenset((_ENGLISH + _KOREAN).split())
