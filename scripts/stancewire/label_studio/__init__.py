"""Room: label_studio. Tasks out, stored exports in; the only place that knows Label Studio's words.

environment, process, server   the embedded server        client, accounts, rooms   what is asked of any server
tasks, suggestions             what is given out          push, delivery            how it gets there, once
pull, exports                  what comes back            restore, enter            answers that come by file
adjudication, case_tasks       cases out, answers in      case_exports              the answers as they are kept
model                          the shape in which later rooms see them
"""
