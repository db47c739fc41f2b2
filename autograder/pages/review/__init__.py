"""The review page: people give points and remarks, question by question.

::

    browser ─▶ guard (host, cookie, form's token, headers) ─▶ app (pages) ─▶ desk ─▶ gradebook
                                                                │
                                                    evidence (a report's parts that show an item)

It is served on the loopback interface, to whoever has the link that the command prints.
"""
