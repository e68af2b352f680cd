import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

// Target: a server with the users of targets.py.
record Target(String name, String port, String database, String ca) {
  static final Map<String, String> PASSWORDS = Map.of("trust", "", "cleartext", "open-sesame", "md5", "salted-once", "scram", "pencil");

  // open: log in; options are pairs of a property and its value.
  Connection login(String user, String password, String... options) throws SQLException {
    Properties all = new Properties();
    all.setProperty("user", user);
    all.setProperty("password", password);
    all.setProperty("connectTimeout", "30");
    all.setProperty("socketTimeout", "30");
    all.setProperty("sslmode", "disable");
    all.setProperty("sslrootcert", ca);
    for (int i = 0; i < options.length; i += 2) all.setProperty(options[i], options[i + 1]);
    return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, all);
  }

  Connection open(String... options) throws SQLException {
    return login("trust", "", options);
  }

  void check(String what, Tap.Check check) {
    Tap.check(name + ": " + what, check);
  }

  // rows: what a result holds, columns as text with | between them.
  static List<String> rows(ResultSet result) throws SQLException {
    List<String> all = new ArrayList<>();
    int columns = result.getMetaData().getColumnCount();
    while (result.next()) {
      StringBuilder row = new StringBuilder();
      for (int i = 1; i <= columns; ++i) row.append(i > 1 ? "|" : "").append(result.getString(i));
      all.add(row.toString());
    }
    return all;
  }

  static List<String> rows(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(query)) {
      return rows(result);
    }
  }

  static void run(Connection connection, String... commands) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String command : commands) statement.execute(command);
    }
  }
}
