import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

// pgjdbc against pgreference. TAP on stdout, without the plan line: the caller numbers on.
// usage: java -cp postgresql.jar Pgjdbc.java PORT CA.crt
public class Pgjdbc {
  interface Check { void run() throws Exception; }

  static int number = 0, failed = 0;
  static String base, ca;

  static void check(String name, Check check) {
    ++number;
    try {
      check.run();
      System.out.println("ok " + number + " - " + name);
    } catch (Throwable problem) {
      ++failed;
      System.out.println("not ok " + number + " - " + name);
      System.out.println("# " + String.valueOf(problem).replace("\n", "\n# "));
    }
  }

  static void expect(Object expected, Object actual) {
    if (!String.valueOf(expected).equals(String.valueOf(actual)))
      throw new AssertionError("expected " + expected + ", got " + actual);
  }

  static Connection connect(String user, String password, String... properties) throws SQLException {
    Properties all = new Properties();
    all.setProperty("user", user);
    all.setProperty("password", password);
    all.setProperty("connectTimeout", "20");
    all.setProperty("socketTimeout", "20");
    for (int i = 0; i < properties.length; i += 2) all.setProperty(properties[i], properties[i + 1]);
    return DriverManager.getConnection(base, all);
  }

  // session: what an application does first with a new driver.
  static void session(Connection connection) throws SQLException {
    try (connection; Statement statement = connection.createStatement()) {
      ResultSet row = statement.executeQuery("SELECT 42, 'text', NULL, true, 1.50");
      row.next();
      expect(42, row.getInt(1));
      expect("text", row.getString(2));
      expect(null, row.getObject(3));
      expect(true, row.getBoolean(4));
      expect("1.50", row.getBigDecimal(5));
      statement.execute("CREATE TABLE jdbc_fruit (id int, name text)");
      expect(2, statement.executeUpdate("INSERT INTO jdbc_fruit VALUES (1, 'apple'), (2, NULL)"));
      try {
        statement.executeQuery("SELECT * FROM nosuch");
        throw new AssertionError("no error");
      } catch (SQLException error) {
        expect("42P01", error.getSQLState());
      }
      try (PreparedStatement prepared = connection.prepareStatement("SELECT name FROM jdbc_fruit WHERE id = ?")) {
        prepared.setInt(1, 1);
        ResultSet found = prepared.executeQuery();
        found.next();
        expect("apple", found.getString(1));
      }
      connection.setAutoCommit(false);
      statement.executeUpdate("INSERT INTO jdbc_fruit VALUES (3, 'pear')");
      connection.rollback();
      connection.setAutoCommit(true);
      ResultSet rows = statement.executeQuery("SELECT id FROM jdbc_fruit ORDER BY id");
      String ids = "";
      while (rows.next()) ids += rows.getInt(1) + " ";
      expect("1 2 ", ids);
      statement.execute("DROP TABLE jdbc_fruit");
    }
  }

  public static void main(String[] arguments) throws Exception {
    base = "jdbc:postgresql://127.0.0.1:" + arguments[0] + "/default";
    ca = arguments[1];
    for (String mode : new String[] {"simple", "extended"}) {
      check("cleartext, plain, " + mode + " queries", () -> session(connect("alice", "wonderland", "preferQueryMode", mode, "sslmode", "disable")));
      check("SCRAM with a salted verifier, plain, " + mode + " queries", () -> session(connect("salted", "abacaba", "preferQueryMode", mode, "sslmode", "disable")));
      check("cleartext, TLS, " + mode + " queries", () -> session(connect("alice", "wonderland", "preferQueryMode", mode, "sslmode", "require")));
      check("SCRAM, TLS verify-full, " + mode + " queries",
          () -> session(connect("salted", "abacaba", "preferQueryMode", mode, "sslmode", "verify-full", "sslrootcert", ca)));
    }
    check("a wrong password is 28P01", () -> {
      try {
        connect("salted", "wrong", "sslmode", "disable").close();
      } catch (SQLException error) {
        expect("28P01", error.getSQLState());
        return;
      }
      throw new AssertionError("logged in");
    });
    check("the driver refuses the documented user's empty salt, so that a salted form is needed", () -> {
      try {
        connect("user_with_sha256", "abacaba", "sslmode", "disable").close();
      } catch (SQLException error) {
        return;
      }
      throw new AssertionError("logged in: the salted form is no longer needed for pgjdbc");
    });
    System.out.println("1.." + number);
    System.exit(failed == 0 ? 0 : 1);
  }
}
