"""The program that the import probe runs in the target's interpreter, from Python 2.7 on.

It is text, never imported: what it runs in need not be able to run EnvDeck.

What it imports may write to files of its own. In a new environment these may be linked from the
one that is in use, or from a cache: such a file is made a copy first. With a second argument it is
the one in use: nothing in it may be written, and an import that fails after it tried counts as one
that could be done. From Python 3.8 on, where that can be seen.

With each reason it tells whether the module declines: a statement in it raises ImportError,
and no other failure led to it.
"""

MARK = "envdeck-probe "
SOFT_SECONDS = 30
"""After it, an import that runs Python is ended; one that does not, with the interpreter."""

PROGRAM = f"""
import json, os, signal, sys
out, pid = os.dup(1), os.getpid()
null = os.open(os.devnull, os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(null, number)
def say(*what):
    os.write(out, ("\\n{MARK}" + json.dumps(what) + "\\n").encode("ascii"))
class Slow(BaseException):
    pass
def ring(*_):
    raise Slow("takes longer than {SOFT_SECONDS} s")
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
try:
    import faulthandler
except ImportError:
    faulthandler = None
root, busy, kept = os.path.realpath(sys.prefix) + os.sep, set(), []
in_use = len(sys.argv) > 2
PATHS = ("os.truncate", "os.utime", "os.chmod", "os.chown", "os.setxattr", "sqlite3.connect")
PAIRS = ("os.rename", "os.link", "os.symlink")
NAMES = ("os.mkdir", "os.rmdir", "os.remove")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_CREAT | os.O_APPEND
def own(path):
    import shutil
    if os.path.isfile(path) and os.stat(path).st_nlink > 1:
        copy = path + ".envdeck-probe"
        shutil.copy2(path, copy)
        os.replace(copy, path)
def inside(path):
    try:
        path = os.path.realpath(os.fsdecode(path))
    except (OSError, TypeError, ValueError):
        return None
    return path if path.startswith(root) else None
def watch(event, arguments):
    if event == "open":
        paths = arguments[:1] if arguments[2] & WRITING else ()
    elif event in PATHS:
        paths = arguments[:1]
    elif in_use and (event in PAIRS or event in NAMES):
        paths = arguments[: 2 if event in PAIRS else 1]
    else:
        return
    from _thread import get_ident
    if not paths or get_ident() in busy:
        return
    busy.add(get_ident())
    try:
        found = [path for path in map(inside, paths) if path]
        if found and in_use:
            kept.append(found[0])
            raise PermissionError(13, "is not written to while imports are tried", found[0])
        for path in found:
            try:
                own(path)
            except OSError:
                pass
    finally:
        busy.discard(get_ident())
if hasattr(sys, "addaudithook"):
    sys.addaudithook(watch)
def declines(name, error):
    import opcode
    trace = sys.exc_info()[2]
    while trace.tb_next:
        trace = trace.tb_next
    module = str(trace.tb_frame.f_globals.get("__name__"))
    code = trace.tb_frame.f_code.co_code[trace.tb_lasti]
    raised = (code if isinstance(code, int) else ord(code)) == opcode.opmap["RAISE_VARARGS"]
    alone = getattr(error, "__context__", error) is None
    return isinstance(error, ImportError) and module == name and raised and alone
names = json.loads(sys.argv[1])
sys.argv[:] = [""]
say("start")
for index, name in enumerate(names):
    reason, declined = None, False
    del kept[:]
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, {SOFT_SECONDS})
    if faulthandler:
        faulthandler.dump_traceback_later({SOFT_SECONDS + 5}, exit=True, file=null)
    try:
        __import__(str(name))
    except BaseException as error:
        try:
            reason = (type(error).__name__ + ": " + str(error))[:300]
        except BaseException:
            reason = type(error).__name__
        try:
            declined = declines(str(name), error)
        except BaseException:
            pass
    if os.getpid() != pid:
        os._exit(0)
    try:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Slow:
        pass
    say(index, None if kept else reason, declined)
say("end")
os._exit(0)
"""
