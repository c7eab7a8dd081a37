"""Turns a file's text into chunks with tokens. Pure; run it in a thread, as 1 MB takes 0.2 s."""

from collections.abc import Iterator

from app.db.chunks import NewChunk
from app.knowledge.analyser import tokens
from app.knowledge.chunking import Chunk, chunk


def prepare(
    text: str, filename: str = "", *, max_tokens: int = 800, overlap_tokens: int = 400
) -> Iterator[NewChunk]:
    """Yield the chunks of a text with their tokens, without embeddings.

    The first chunk's tokens include the file's name, which is often its only title.
    """
    for piece in chunk(text, max_tokens, overlap_tokens):
        yield NewChunk(piece.index, piece.text, _tokens(piece, filename))


def _tokens(piece: Chunk, filename: str) -> list[str]:
    title = filename.rpartition(".")[0] or filename
    return tokens(f"{title}\n{piece.text}" if piece.index == 0 else piece.text)
