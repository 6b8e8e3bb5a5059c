"""The program that the import probe runs in the target's interpreter, from Python 2.7 on.

It is text, never imported: what it runs in need not be able to run EnvDeck.
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
names = json.loads(sys.argv[1])
sys.argv[:] = [""]
say("start")
for index, name in enumerate(names):
    reason = None
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
    if os.getpid() != pid:
        os._exit(0)
    try:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Slow:
        pass
    say(index, reason)
say("end")
os._exit(0)
"""
