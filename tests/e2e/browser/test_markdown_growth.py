"""Growing Markdown: drawn in linear time, with the same result as the whole text."""

import pytest
from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.replies import Reply

pytestmark = needs_libraries

# Characters that the Markdown renderer may read per character of an answer.
MOST_READ = 24
MIXED = (
    "# Title\n\nSome **bold** text, `code`\nand $x^2$.\n\n1. one\n2. two\n\n3. three\n"
    "   - deep\n\n     more\n4. four\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n```python\n"
    "print('<hi>')\n\n# x\n```\n\n> quoted\n> more\n\n> another\n\n---\n\nSetext\n===\n\n"
    "- [x] done\n- [ ] open\n\n<details>\n<summary>S</summary>\n\n```\nin it\n```\n\n</details>\n\n"
    "    indented\n\n    code\n\n$$\na = b\n+ c\n$$\n\n"
)
REFERRED = "\n\n[x]: https://x.example\n[b]: https://b.example\n"
REFERRING = "[a][x] and [b]\n\n- [c][x]\n- d\n\n"
DOCUMENTS = {
    "mixed": MIXED,
    "crlf": MIXED.replace("\n", "\r\n"),
    "long list": "".join(f"{n}. Item **{n}**\n   - sub `x`\n" for n in range(1, 150)),
    "loose list": "".join(f"- Item {n}\n\n  second paragraph\n\n" for n in range(150)),
    "long table": "| A | B |\n|---|:-:|\n" + "".join(f"| {n} | **b** |\n" for n in range(200)),
    "long code": "x\n```js\n" + "".join(f"const a{n} = {n};\n" for n in range(400)) + "```\ny",
    "indented code": "x\n\n  ```js\n    a\n  b\n c\n  ```\ny",
    "code without end": "a\n\n~~~\nx\n```\ny",
    "code in a list": "1. a\n\n   ```sh\n   ls\n   ```\n\n2. b\n````md\n```\nx\n```\n````\nc",
    "quotation": "".join(f"> line {n} **b**\n>\n" for n in range(250)),
    "long paragraph": "word **bold** and `code` in [a link](https://example.org) for $5. " * 100,
    "long lines": "word **bold** and more text in this line\n" * 180,
    "Korean": "가나다 **굵게** 라마바사 아자차카.\n" * 200 + "\n끝 $a$입니다.",
    "headings": "".join(f"## H {n}\n\n#### sub\n\ntext\n\n" for n in range(60)),
    "open formula": "a\n$$\nx\n- y\n\nb \\(c and \\[d $5 and $10",
    "links below": REFERRING
    + "filler text. " * 250
    + "\n\n[x]: https://x.example\n[b]: https://b.example\n",
    "lists like others": "* a\n\n* b\n\n*c* d\n\n+ e\n1) f\n2) g\n\n3. h\n\n4. i",
    "edges": "p\na | b\n--|--\n1|2\n\nt\n    lazy\n- x\nlazy\n\n#\n##x\n***\n- - -\n<!-- c -->\ny",
}
SETUP = """
  const { MarkdownView } = await import("./static/shared/markdown_view.js");
  const { fragmentOf, tokensOf } = await import("./static/shared/markdown.js");
  const { withFrames, withHeadings } = await import("./static/chat/code_blocks.js");
  const { Lexer } = await import("./static/vendor/marked.js");
  const decorate = (fragment, levels) => withFrames(withHeadings(fragment, levels));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const plainNote = () => Object.assign(document.createElement("p"), { className: "note" });
  const view = new MarkdownView({ decorate, plainNote, nameButton() {} });
  document.body.append(view.element);
  const drawn = async () => { do { await frame(); } while (!view.drawn); };
  let read = 0;
  const { lex } = Lexer.prototype;
  Lexer.prototype.lex = function (text) { read += text.length; return lex.call(this, text); };
  const part = { value: "", annotations: [] };
  const grow = async (text, piece, each) => {
    for (let at = 0; at < text.length; at += piece) {
      part.value += text.slice(at, at + piece);
      view.show(part, [], true);
      if ((at / piece) % each === 0) await frame();
    }
    await drawn();
    view.show(part, [], false);
    await drawn();
  };
"""
# Returns the rendering of a whole text and of its pieces, and the number of characters read.
COMPARE = """async ([text, piece]) => {
  SETUP
  const settled = (root) => {
    const copy = root.cloneNode(true);
    for (const one of copy.querySelectorAll(".code-part")) one.replaceWith(...one.childNodes);
    // Formulas are drawn later, in both.
    for (const one of copy.querySelectorAll(".math")) one.textContent = "formula";
    const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
    copy.normalize();
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const one of texts) {
      if (one.parentElement.closest("pre")) continue;
      one.data = one.data.replace(/\\s+/g, " ").trim();
    }
    return copy.innerHTML;
  };
  const whole = document.createElement("div");
  const clean = text.replace(/\\r\\n?/g, "\\n");
  const fragment = fragmentOf(tokensOf(clean, Object.create(null), false), [], () => {});
  decorate(fragment, []);
  whole.append(fragment);
  read = 0;
  await grow(text, piece, 3);
  Lexer.prototype.lex = lex;
  return [settled(whole), settled(view.element), read];
}""".replace("SETUP", SETUP)
DRAW = """async (text) => {
  SETUP
  await grow(text, text.length, 1);
  Lexer.prototype.lex = lex;
  const { element } = view;
  return [element.textContent, read, element.querySelectorAll(".note").length];
}""".replace("SETUP", SETUP)
EVIL = {
    "quotations": ">" * 3000,
    "spaced quotations": "> " * 3000,
    "emphasis": "_a__b" * 12_000,
    "brackets": "[" * 10_000,
    "links": "[a](" * 10_000,
    "images": "![" * 10_000,
    "deep lists": "\n".join("  " * depth + "- a" for depth in range(300)),
    "deep quotations": "\n".join("> " * depth + "a" for depth in range(300)),
    "dashes": "- " * 3000 + "a",
    "dollars": "$a " * 10_000,
    "formulas": "\\(" * 8000,
    "comments": "<!-- a\n\n" * 2000,
    "details": "<details>\n" * 3000,
    "ticks": "` `` " * 8000,
}


@pytest.fixture
def page(visit, server):
    page = visit()
    page.goto(f"{server.base_url}/chat")
    return page


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("piece", [7, 100_000], ids=["in pieces", "at once"])
def test_growing_text_looks_like_the_whole(page, name, piece):
    text = DOCUMENTS[name]
    whole, grown, read = page.evaluate(COMPARE, [text, piece])
    assert grown == whole
    assert read <= MOST_READ * len(text) + 10_000


def test_a_long_answer_is_linear_work(page):
    text = MIXED * 40
    _, read, notes = page.evaluate(DRAW, text)
    assert read <= 4 * len(text)
    assert notes == 0


@pytest.mark.parametrize("name", EVIL)
def test_text_that_takes_too_long_is_plain(page, name):
    text = EVIL[name]
    shown, read, notes = page.evaluate(DRAW, f"Before.\n\n{text}\n\nAfter **it**.")
    assert notes == 1
    assert shown.startswith("Before.")
    assert text[:1000] in shown
    assert shown.rstrip().endswith(("After it.", "After **it**."))
    assert read <= 8 * len(text) + 50_000


@pytest.mark.parametrize("text", ["&#xE000;9&#xE001;", ">" * 3000, "_a__b" * 12_000], ids=len)
def test_the_conversation_goes_on(chat, upstream, text):
    page = chat(locale="ko-KR")
    upstream.reply(Reply.text(*(text[at : at + 500] for at in range(0, len(text), 500))))
    page.ask("하나")
    page.finished()
    said = page.page.get_by_text("일반 텍스트로 표시합니다.")
    expect(said).to_have_count(0 if text.startswith("&") else 1)
    assert page.hear("둘") == "Answer to: 둘"
    page.page.reload()
    page.finished()
    expect(page.answers).to_have_count(2)
    expect(page.text).to_have_text("Answer to: 둘")
