"""Files of each format, written by common libraries."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import docx
import openpyxl  # type: ignore[import-untyped]
import pptx
import pypdf

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _saved(save: Callable[[Any], Any]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def docx_file() -> bytes:
    document = docx.Document()
    document.add_heading("설치 안내", 1)
    document.add_paragraph("디바이스를 벽에 답니다.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["모델", "무게", "SCR-101", "3kg"], strict=True):
        cell.text = text
    document.add_paragraph("끝.")
    return _saved(document.save)


def pptx_file() -> bytes:
    show = pptx.Presentation()
    slide: Any = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "교육 자료"
    slide.placeholders[1].text = "첫 줄\n둘째 줄"
    slide.notes_slide.notes_text_frame.text = "발표자만 보는 말"
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "가격표"
    table = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for place, text in enumerate(["요금제", "가격", "프로", "19,900원"]):
        table.cell(place // 2, place % 2).text = text
    return _saved(show.save)


def xlsx_file(rows: Sequence[Sequence[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    sheet: Any = workbook.active
    sheet.title = "요금"
    for row in rows:
        sheet.append(row)
    return _saved(workbook.save)


def pdf_file(pages: Sequence[str]) -> bytes:
    """A PDF with Korean text in a font that is not embedded, as old word processors write it."""
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type0/BaseFont/HYSMyeongJo-Medium/Encoding/KSCms-UHC-H"
        b"/DescendantFonts[4 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/HYSMyeongJo-Medium/CIDSystemInfo"
        b"<</Registry(Adobe)/Ordering(Korea1)/Supplement 1>>/FontDescriptor 5 0 R>>",
        b"<</Type/FontDescriptor/FontName/HYSMyeongJo-Medium/Flags 6/FontBBox[0 0 1000 1000]"
        b"/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 800/StemV 80>>",
    ]
    for number, text in enumerate(pages):
        said = f"BT /F1 12 Tf 50 780 Td <{text.encode('cp949').hex()}> Tj ET".encode()
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {7 + 2 * number} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>".encode()
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(said), said))
    return _pdf(objects)


def _pdf(objects: Sequence[bytes]) -> bytes:
    output, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return output + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, table, len(objects) + 1, len(output))
    )


def blank_pdf(pages: int) -> bytes:
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    return _saved(writer.write)


def encrypted_pdf(password: str) -> bytes:
    writer = pypdf.PdfWriter()
    writer.append(pypdf.PdfReader(io.BytesIO(pdf_file(["secret"]))))
    writer.encrypt(password, owner_password="of the owner")
    return _saved(writer.write)


def word_package(body: bytes, times: int = 1) -> bytes:
    """A DOCX whose document contains `body`, repeated `times`; never completely in memory."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        part.write(f'<w:document xmlns:w="{W}"><w:body>'.encode())
        for _ in range(times):
            part.write(body)
        part.write(b"</w:body></w:document>")
    return file.getvalue()
