"""Pages in the browser and the API: parse, call a stage, render.

How a page is added
-------------------
1. The stage has a function in its ``views.py`` that returns one frozen dataclass with all that the
   page needs. It is tested there, without HTTP.
2. ``pages/<stage>.py`` has ``routes = Routes()`` and an endpoint a page. Every file of ``pages``
   and ``api`` is found by its being there: there is no list to add it to::

       routes = Routes()

       @routes.get("/r/{review}/flow", Deed.LOOK)
       def flow(visit: Visiting) -> Response:
           with visit.reading() as session:
               view = flow_of(session, visit.review_of(session), viewer=visit.viewer)
           return page(visit, "flow.html", view)

   The **deed** says who may (`review.people.rules.may`); before the endpoint runs, the person was
   told by their session or token, their role was read, the review in the address was looked up (who
   is not in it gets 404), and the origin and the token of a form were checked. An endpoint never
   checks a role itself, and a route without a deed cannot be made.
3. ``templates/flow.html`` extends ``base.html`` and gets the dataclass as ``view`` and the visit as
   ``visit`` (``visit.may('plan')``, ``visit.path('flow')``). Load, leave the ``with`` block, then
   render: an open reader delays every writer. A name that is missing raises (StrictUndefined).
4. What changes something is a POST that ends in ``to(...)`` (a redirect)::

       @routes.post("/r/{review}/reasons", Deed.PROTOCOL)
       def add_reason(visit: Visiting, sent: Sent) -> Response:
           try:
               form = read(ReasonForm, sent)
           except FieldErrors as errors:
               return page(visit, "reasons.html", _view(visit), form=errors, status=422)
           with visit.writing("why, if the form asked") as session:
               add_exclusion_reason(session, visit.review_of(session), form.text)
           return to(visit.path("reasons"), said="The reason was added.")

   Its form begins with ``{{ fields.token(visit) }}`` and has its fields from
   ``{% import "fields.html" as fields %}``. Errors of a stage (`ReviewError`) are not caught: they
   become a page with their status and remedy (`errors`).
5. Bodies are limited (`routes.SMALL`); a page that takes files says its own size.

No page has inline script, ``style=`` or another host's files: the policy of `security` forbids it.
``web`` imports no sqlalchemy, numpy, scipy or pandas.
"""
