import java.util.Arrays;
import java.util.concurrent.Callable;

// Tap: checks on standard output, without the plan's number known before the end.
final class Tap {
  interface Check { void run() throws Exception; }

  private static int number = 0, failed = 0;
  private static final String only = System.getProperty("only", "");

  static void check(String name, Check check) {
    if (!name.contains(only)) return;
    ++number;
    try {
      check.run();
      System.out.println("ok " + number + " - " + name);
    } catch (Throwable problem) {
      ++failed;
      System.out.println("not ok " + number + " - " + name);
      System.out.println(("# " + problem).replace("\n", "\n# "));
      for (StackTraceElement frame : problem.getStackTrace())
        if (frame.getModuleName() == null && !frame.getClassName().startsWith("org.")) System.out.println("#   " + frame);
    }
  }

  static void equal(Object expected, Object actual) {
    if (!text(expected).equals(text(actual))) throw new AssertionError("expected " + text(expected) + ", got " + text(actual));
  }

  // fails: the exception that `act` ends with, which is to have this SQLSTATE.
  static java.sql.SQLException fails(String state, Check act) throws Exception {
    try {
      act.run();
    } catch (java.sql.SQLException error) {
      if (!state.equals(error.getSQLState())) throw new AssertionError("expected " + state + ", got " + error.getSQLState() + ": " + error.getMessage());
      return error;
    }
    throw new AssertionError("no error where " + state + " was expected");
  }

  // finish: the plan, and the exit status.
  static int finish() {
    System.out.println("1.." + number);
    return failed == 0 ? 0 : 1;
  }

  private static String text(Object value) {
    if (value instanceof byte[] bytes) return Arrays.toString(bytes);
    if (value instanceof int[] numbers) return Arrays.toString(numbers);
    if (value instanceof Object[] parts) return Arrays.deepToString(parts);
    return String.valueOf(value);
  }
}
