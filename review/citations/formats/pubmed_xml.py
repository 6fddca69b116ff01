"""PubMed XML, of articles and of books.

Source of the elements: the PubMed DTD's documentation, National Library of Medicine
(https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from review.citations.formats import fields, notices
from review.citations.formats.entry import Entry, Item
from review.citations.formats.names import Names
from review.citations.formats.xml import Cut, entries_in, first_text, text_of, texts


def read_pubmed_xml(text: str, *, file: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the articles and books of a PubMed XML file in order."""
    for cut in entries_in(text, ("PubmedArticle", "PubmedBookArticle"), file=file):
        if isinstance(cut, Cut) and names is not None:
            parts = [part for path in _PARENTS for part in cut.element.iterfind(f"{path}/*")]
            names.see({str(part.tag): text_of(part) for part in parts}, _READ)
        yield _entry(cut) if isinstance(cut, Cut) else cut


_PARENTS: Final = ("MedlineCitation", "MedlineCitation/Article", "BookDocument")
_READ: Final = frozenset({
    "PMID", "Article", "Journal", "ArticleTitle", "VernacularTitle", "Pagination", "ELocationID",
    "Abstract", "OtherAbstract", "AuthorList", "Language", "PublicationTypeList", "ArticleDate",
    "MedlineJournalInfo", "CommentsCorrectionsList", "MeshHeadingList", "KeywordList", "Book",
    "PublicationType", "ArticleIdList", "ContributionDate",
})  # fmt: skip


def _entry(cut: Cut) -> Entry:
    citation = cut.element.find("MedlineCitation")
    if citation is None:
        citation = cut.element.find("BookDocument")
    if citation is None:
        citation = cut.element
    article = citation.find("Article")
    if article is None:
        article = citation
    year, remarks = _year(citation, article)
    pmid = first_text(citation, "PMID")
    return Entry(
        line=cut.line,
        raw=cut.raw,
        kind=first_text(article, "PublicationTypeList/PublicationType", "PublicationType"),
        title=fields.title_of(
            first_text(article, name)
            for name in ("ArticleTitle", "VernacularTitle", "Book/BookTitle")
        ),
        abstract=_abstract(article) or _abstract(citation, "OtherAbstract"),
        authors=_authors(article),
        year=year,
        journal=first_text(article, "Journal/Title", "Journal/ISOAbbreviation", "Book/BookTitle")
        or first_text(citation, "MedlineJournalInfo/MedlineTA"),
        volume=first_text(article, "Journal/JournalIssue/Volume"),
        issue=first_text(article, "Journal/JournalIssue/Issue"),
        pages=_pages(article),
        doi=_doi(cut.element, article),
        pmid=pmid.lstrip("0") if pmid and fields.is_pmid(pmid) else None,
        issn=fields.issn_of(
            [
                *texts(article, "Journal/ISSN"),
                *texts(citation, "MedlineJournalInfo/ISSNLinking"),
                *texts(article, "Book/Isbn"),
            ]
        ),
        language=fields.many_in_one(texts(article, "Language")),
        keywords=_keywords(citation),
        remarks=(*cut.remarks, *remarks),
        notices=_notices(citation, article),
    )


def _notices(citation: etree._Element, article: etree._Element) -> tuple[notices.Notice, ...]:
    types = texts(article, "PublicationTypeList/PublicationType")
    found = list(notices.of_types(types, "PublicationType"))
    for other in citation.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        name = other.get("RefType", "")
        if name in notices.PUBMED_XML:
            found.append(
                notices.Notice(notices.PUBMED_XML[name], f"{name}: {text_of(other) or ''}")
            )
    return notices.each_once(found)


def _year(citation: etree._Element, article: etree._Element) -> tuple[int | None, tuple[str, ...]]:
    date = article.find("Journal/JournalIssue/PubDate")
    if date is None:
        date = article.find("Book/PubDate")
    issue = text_of(date.find("Year")) if date is not None else None
    if issue is None and date is not None:
        issue = first_text(date, "MedlineDate")
    if issue is not None:
        return fields.year_of([issue])
    return fields.year_of(
        [
            first_text(article, "ArticleDate/Year"),
            None
            if article.find("ArticleDate") is not None
            else first_text(citation, "ContributionDate/Year"),
        ]
    )


def _abstract(element: etree._Element, name: str = "Abstract") -> str | None:
    parts = []
    for part in element.iterfind(f"{name}/AbstractText"):
        text, label = text_of(part), part.get("Label")
        if text:
            parts.append(f"{label}: {text}" if label and label != "UNLABELLED" else text)
    return " ".join(parts) or None


def _authors(article: etree._Element) -> tuple[str, ...]:
    lists = [
        found
        for found in article.iterfind("AuthorList")
        if found.get("Type", "authors") == "authors"
    ] or article.findall("Book/AuthorList")
    return tuple(
        name
        for found in lists[:1]
        for author in found.iterfind("Author")
        if (name := _name(author))
    )


def _name(author: etree._Element) -> str | None:
    last = first_text(author, "LastName")
    if last is None:
        return first_text(author, "CollectiveName")
    given = first_text(author, "ForeName", "Initials")
    suffix = first_text(author, "Suffix")
    return ", ".join(part for part in (last, given, suffix) if part)


def _pages(article: etree._Element) -> str | None:
    return fields.pages_of(
        first_text(article, "Pagination/MedlinePgn", "Pagination/StartPage"),
        None
        if article.find("Pagination/MedlinePgn") is not None
        else first_text(article, "Pagination/EndPage"),
    )


def _doi(entry: etree._Element, article: etree._Element) -> str | None:
    for found in article.iterfind("ELocationID[@EIdType='doi']"):
        if found.get("ValidYN", "Y") == "Y" and (doi := fields.doi_in(text_of(found))):
            return doi
    # The lists of cited works have ArticleIds too; only the entry's own stand directly here.
    for path in ("PubmedData/ArticleIdList", "PubmedBookData/ArticleIdList", "ArticleIdList"):
        for found in entry.iterfind(f"{path}/ArticleId[@IdType='doi']"):
            if doi := fields.doi_in(text_of(found)):
                return doi
    return None


def _keywords(citation: etree._Element) -> tuple[str, ...]:
    headings = []
    for heading in citation.iterfind("MeshHeadingList/MeshHeading"):
        name = first_text(heading, "DescriptorName")
        qualifiers = texts(heading, "QualifierName")
        headings.extend([f"{name}/{q}" for q in qualifiers] if qualifiers else [name or ""])
    return fields.keywords_of([*headings, *texts(citation, "KeywordList/Keyword")])
