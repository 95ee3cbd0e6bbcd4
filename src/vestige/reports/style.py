"""The style sheet of reports: for a screen, and for pages of paper."""

from typing import Final

STYLE: Final = (
    """
@page{size:A4;margin:20mm 17mm 18mm;@bottom-left{content:string(name);font:8pt sans-serif;color:#5a6976}
@bottom-right{content:"page " counter(page) " of " counter(pages);font:8pt sans-serif;color:#5a6976}}
@page wide{size:A4 landscape}
@page draft{@top-center{content:"DRAFT, NOT SIGNED";font:bold 9pt sans-serif;color:#9c1c1c}}
html{background:#eef1f4}
body{font:14px/1.5 "DejaVu Sans","Segoe UI",Roboto,Helvetica,Arial,sans-serif;color:#1b2733;background:#fff;
max-width:1100px;margin:0 auto;padding:2.5em 3em;overflow-wrap:break-word}
header{border-bottom:3px solid #1b2733;margin-bottom:1.5em}
header p{margin:.2em 0 .8em;color:#4a5a68}
.kind{letter-spacing:.12em;text-transform:uppercase;font-size:12px;margin:0}
h1{font-size:2em;line-height:1.2;margin:.1em 0;string-set:name content()}
h2{font-size:1.35em;margin:2em 0 .5em;padding-bottom:.2em;border-bottom:1px solid #c3ccd4;break-after:avoid}
h3{font-size:1.08em;margin:1.5em 0 .4em;break-after:avoid}
h4{font-size:.95em;margin:1.1em 0 .3em;break-after:avoid}
.hand,.hand p{font-family:"DejaVu Serif",Georgia,"Times New Roman",serif}
blockquote{margin:.8em 0;padding:.5em 1em;border-left:5px double #b06d00;background:#fdf6e9;font-size:1.02em}
blockquote blockquote{background:none;border-left:2px solid #b06d00}
blockquote p{margin:.4em 0}
blockquote .who{font:bold .78em "DejaVu Sans",Helvetica,Arial,sans-serif;color:#8a5600;margin:0 0 .4em}
blockquote .heading{font-weight:bold}
blockquote a::after{content:" (" attr(href) ")";font-size:.85em;color:#4a5a68}
h1.hand,h3.hand{font-style:italic}
td .hand{border-left:3px double #b06d00;padding-left:.5em;display:inline-block}
.says{font-family:"DejaVu Sans Mono",Consolas,Menlo,monospace;font-size:.86em;color:#2d3c48}
code,pre{font-family:"DejaVu Sans Mono",Consolas,Menlo,monospace;font-size:.8em;
word-break:break-all;white-space:pre-wrap}
pre{background:#f4f6f8;border:1px solid #dde3e8;padding:.7em 1em;margin:.5em 0}
.legend{border:1px solid #c3ccd4;padding:.3em 1em;font-size:.9em;margin:1em 0;break-inside:avoid}
.legend p{margin:.45em 0}
.legend .hand{border-left:5px double #b06d00;background:#fdf6e9;padding:.3em .8em}
dl{display:grid;grid-template-columns:minmax(9em,max-content) 1fr;gap:.2em 1.2em;margin:.7em 0}
dt{color:#4a5a68;max-width:19em}
dd{margin:0}
table{border-collapse:collapse;width:100%;margin:.7em 0;font-size:.85em}
th{text-align:left;color:#4a5a68;font-weight:bold;border-bottom:2px solid #1b2733;
padding:.3em .6em .3em 0;vertical-align:bottom}
td{border-bottom:1px solid #dde3e8;padding:.3em .6em .3em 0;vertical-align:top}
.fixed{table-layout:fixed}
tr{break-inside:avoid}
time,b.good,b.bad,b.open,td a{white-space:nowrap}
small{color:#8a5600}
.small{columns:2;column-gap:1.5em;font-size:.62em;line-height:1.35;border:0;background:none;padding:0}
thead{display:table-header-group}
a{color:#0b57b0}
b.good{color:#176b34}b.bad{color:#9c1c1c}b.open{color:#6b5a12}
figure{margin:1em 0;break-inside:avoid}
svg{width:100%;height:auto}
.draft{border:2px dashed #9c1c1c;padding:.5em 1.5em;margin:1em 0}
.warning{color:#9c1c1c;font-weight:bold;border:1px solid #9c1c1c;padding:.5em .8em}
.blanks{grid-template-columns:12em 1fr;row-gap:1.7em;margin:2.2em 0}
.blanks dd{border-bottom:1px solid #1b2733}
@media print{html{background:none}body{font-size:9pt;max-width:none;margin:0;padding:0}
.wide{page:wide}table{font-size:7.5pt}code{font-size:6.4pt}pre{font-size:7pt}.small{font-size:5.6pt}
#certification,.draft{page:draft}.draft{border:0;padding:0}}
""".strip()
    + "".join(f".w{width}{{width:{width}%}}" for width in range(1, 61))
)
"""Compact, since its digest stands in every report's policy."""
