"""PubMed and EndNote XML, and files that mean harm."""

from __future__ import annotations

import time

import pytest

from review.citations.formats.endnote_xml import read_endnote_xml
from review.citations.formats.entry import Entry, Rejected
from review.citations.formats.pubmed_xml import read_pubmed_xml
from review.citations.formats.reading import read_citations
from review.errors import FileError

PUBMED = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">31366609</PMID>
<Article><Journal><ISSN IssnType="Print">0000-0001</ISSN><JournalIssue><Volume>3</Volume>
<Issue>2</Issue><PubDate><MedlineDate>2019 May-Jun</MedlineDate></PubDate></JournalIssue>
<Title>Journal of distance</Title></Journal>
<ArticleTitle>Effects <i>in vivo</i> of CO<sub>2</sub> &amp; more.</ArticleTitle>
<Pagination><MedlinePgn>11-9</MedlinePgn></Pagination>
<Abstract><AbstractText Label="AIM">One.</AbstractText><AbstractText>Two.</AbstractText></Abstract>
<AuthorList><Author><LastName>Doe</LastName><ForeName>Jane</ForeName></Author>
<Author><CollectiveName>The Study Group</CollectiveName></Author></AuthorList>
<Language>eng</Language></Article>
<MeshHeadingList><MeshHeading><DescriptorName>Humans</DescriptorName></MeshHeading></MeshHeadingList>
</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.5555/ABC.1</ArticleId>
</ArticleIdList><ReferenceList><Reference><ArticleIdList>
<ArticleId IdType="doi">10.5555/other</ArticleId>
</ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>
<!-- <PubmedArticle>left out by its maker</PubmedArticle> -->
<PubmedBookArticle><BookDocument><PMID>2</PMID><Book><BookTitle>A book</BookTitle>
<PubDate><Year>2009</Year></PubDate></Book><ArticleTitle>A chapter</ArticleTitle></BookDocument>
</PubmedBookArticle>
</PubmedArticleSet>
"""

ENDNOTE = """<?xml version="1.0" encoding="UTF-8" ?><xml><records><record>
<ref-type name="Journal Article">17</ref-type>
<contributors><authors><author><style face="normal">Doe, J.</style></author>
<author><style face="normal">Roe, R.</style></author></authors></contributors>
<titles><title><style face="normal">A </style><style face="italic">long</style> title</title>
<secondary-title>J Dist</secondary-title></titles>
<pages>11-19</pages><volume>3</volume><number>2</number><dates><year>2019</year></dates>
<isbn>0000-0001 (Print)&#xD;0000-0002</isbn><accession-num>31366609</accession-num>
<remote-database-provider>NLM</remote-database-provider>
<electronic-resource-num>https://doi.org/10.5555/ABC.1</electronic-resource-num>
<keywords><keyword>one</keyword><keyword>two</keyword></keywords></record>
<record><titles><title>Broken <b></title></titles></record>
<record><titles><title>Third</title></titles></record></records></xml>
"""


def test_pubmed() -> None:
    article, book = (
        item for item in read_pubmed_xml(PUBMED, file="x.xml") if isinstance(item, Entry)
    )
    assert article.title == "Effects in vivo of CO2 & more."
    assert article.abstract == "AIM: One. Two."
    assert article.authors == ("Doe, Jane", "The Study Group")
    assert (article.pmid, article.doi, article.year) == ("31366609", "10.5555/abc.1", 2019)
    assert (article.volume, article.issue, article.pages) == ("3", "2", "11-9")
    assert (article.journal, article.issn) == ("Journal of distance", "0000-0001")
    assert article.line == 4
    assert article.raw.startswith("<PubmedArticle>")
    assert article.raw.endswith("</PubmedArticle>")
    assert (book.title, book.journal, book.year, book.pmid) == ("A chapter", "A book", 2009, "2")


def test_endnote_and_a_broken_record_that_costs_no_other() -> None:
    first, broken, third = read_endnote_xml(ENDNOTE, file="x.xml")
    assert isinstance(first, Entry)
    assert isinstance(third, Entry)
    assert first.title == "A long title"
    assert first.authors == ("Doe, J.", "Roe, R.")
    assert (first.journal, first.volume, first.issue, first.pages) == ("J Dist", "3", "2", "11-19")
    assert (first.doi, first.pmid, first.accession) == ("10.5555/abc.1", "31366609", None)
    assert first.issn == "0000-0001; 0000-0002"
    assert isinstance(broken, Rejected)
    assert broken.line == 12
    assert broken.reason.startswith("not well-formed XML")
    assert third.title == "Third"


def test_endnote_7_in_capitals() -> None:
    text = (
        "<XML><RECORDS><RECORD><REFERENCE_TYPE>0</REFERENCE_TYPE><AUTHORS><AUTHOR>Doe, J.</AUTHOR>"
        "</AUTHORS><TITLE>Old</TITLE><YEAR>1999</YEAR></RECORD></RECORDS></XML>"
    )
    (entry,) = read_endnote_xml(text, file="x.xml")
    assert isinstance(entry, Entry)
    assert (entry.title, entry.year, entry.authors) == ("Old", 1999, ("Doe, J.",))


@pytest.mark.parametrize("cut", [150, -60, -20])
def test_a_file_that_was_cut_off_says_so(cut: int) -> None:
    text = ENDNOTE.replace("<b>", "")[:cut]
    items = list(read_endnote_xml(text, file="x.xml"))
    assert isinstance(items[-1], Rejected)
    assert "missing" in items[-1].reason


HOSTILE = {
    "billion laughs": b'<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    b"<xml><records><record>&b;</record></records></xml>",
    "file entity": b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b"<xml><records><record><titles><title>&a;</title></titles></record></records></xml>",
    "entity in UTF-16": '<!DOCTYPE xml [<!ENTITY a "ha">]><xml><record/></xml>'.encode("utf-16"),
    "undeclared entity": b"<xml><records><record><title>&a;</title></record></records></xml>",
    "deep nesting": b"<xml><records><record>" + b"<a>" * 200_000 + b"</record></records></xml>",
    "long text": b"<xml><records><record>" + b"x" * 12_000_000 + b"</record></records></xml>",
    "many attributes": b"<xml><records><record "
    + b" ".join(b'a%d="1"' % number for number in range(100_000))
    + b"></record></records></xml>",
    "never closed": b"<xml><records>" + b"<record>" * 100_000,
    "comments without end": b"<xml><records>" + b"<!-- " * 100_000 + b"<record>",
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "other XML": b"<feed><entry>x</entry></feed>",
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><xml><records/></xml>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_means_harm_is_refused_at_once(name: str) -> None:
    before = time.process_time()
    with pytest.raises(FileError) as refusal:
        read_citations(HOSTILE[name], file="x.xml")
    assert time.process_time() - before < 3
    assert "nothing was stored" in str(refusal.value)
    assert "root:" not in str(refusal.value)


def test_an_external_document_type_is_not_fetched_and_does_no_harm() -> None:
    reading = read_citations(PUBMED.encode(), file="x.xml")
    assert (len(reading.entries), len(reading.rejects)) == (2, 0)
