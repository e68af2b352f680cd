import java.util.ArrayList;
import java.util.List;

// pgjdbc's suite: java Suite [NAME PORT DATABASE CA]… A server of the name "documented" has the sample configuration.
public final class Suite {
  public static void main(String[] arguments) {
    List<Target> targets = new ArrayList<>();
    for (int i = 0; i + 3 < arguments.length; i += 4) {
      Target target = new Target(arguments[i], arguments[i + 1], arguments[i + 2], arguments[i + 3]);
      if (target.name().equals("documented"))
        Login.documented(target);
      else
        targets.add(target);
    }
    for (Target target : targets) {
      Login.checks(target);
      Types.checks(target);
      Statements.checks(target);
      Streams.checks(target);
      Metadata.checks(target);
    }
    if (targets.size() == 2) Metadata.same(targets.get(0), targets.get(1));
    System.exit(Tap.finish());
  }
}
