"""Self-contained HTML pages: nothing is fetched, every word of data is escaped, and the page says so to the browser.

`elements` builds a page of elements, `plots` draws in it, `template` fills a page that has a script; `policy` is what
all of them tell the browser.
"""
