"""Cells that try to run something in the session of a person who looks at them."""

import base64
import struct
import zlib

TAGS = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<svg onload='window.pwned = 1'></svg>",
    "<iframe srcdoc='<script>top.pwned = 1</script>'></iframe>",
]


def png():
    """One red pixel."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def cells():
    html = "\n".join(TAGS)
    fences = "```\n\n" + html + "\n\n`````\n" + html + "\n~~~\n"
    links = "[a](javascript:window.pwned=1) ![b](http://example.org/seen.png) <javascript:window.pwned=1>"
    picture = base64.b64encode(png()).decode()
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": html, "text/plain": html}},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"application/javascript": "window.pwned = 1"},
        },
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": TAGS[2]}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": html, "text/latex": html}},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/png": picture, "text/plain": "a plot"},
        },
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": f"'>{TAGS[0]}"}},
        {"output_type": "stream", "name": "stderr", "text": html + "\x1b[31m" + html},
        {"output_type": "error", "ename": html, "evalue": html, "traceback": [html]},
    ]
    return [
        {"cell_type": "markdown", "source": html},
        {"cell_type": "markdown", "source": fences},
        {"cell_type": "markdown", "source": f"$$\n{html}\n$$ {links}"},
        {
            "cell_type": "markdown",
            "source": "![c](attachment:x.svg)",
            "attachments": {"x.svg": {"image/svg+xml": html}},
        },
        {"cell_type": "raw", "source": html, "metadata": {"raw_mimetype": "text/html"}},
        {"cell_type": "code", "source": f"'''</pre>{html}'''", "execution_count": 1, "outputs": outputs},
        {
            "cell_type": "markdown",
            "source": html,
            "metadata": {"nbgrader": {"grade_id": "files", "task": True, "locked": True, "points": 1}},
        },
    ]
