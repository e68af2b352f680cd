import static java.util.List.of;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.postgresql.PGConnection;

// Every way to log in, and every way to send a query.
final class Login {
  static void checks(Target target) {
    for (String user : of("trust", "cleartext", "md5", "scram"))
      target.check("logs in with " + user + ", plain, encrypted and verified", () -> {
        for (String mode : of("disable", "prefer", "require", "verify-ca", "verify-full"))
          try (Connection connection = target.login(user, Target.PASSWORDS.get(user), "sslmode", mode)) {
            Tap.equal(of(user), Target.rows(connection, "SELECT current_user"));
            Tap.equal(user, connection.getMetaData().getUserName());
          }
        if (!user.equals("trust")) Tap.fails("28P01", () -> target.login(user, "wrong").close());
      });

    target.check("a database that is not there, a host that is not meant, a password that is not given", () -> {
      Target other = new Target(target.name(), target.port(), "nosuch", target.ca());
      Tap.fails("3D000", () -> other.open().close());
      Tap.fails("08004", () -> target.login("scram", "").close());
      Tap.fails("08006", () -> target.login("trust", "", "sslmode", "verify-full", "sslrootcert", "/nonexistent").close());
    });

    for (String mode : of("simple", "extended", "extendedForPrepared", "extendedCacheEverything"))
      target.check("what an application does first, preferQueryMode=" + mode, () -> session(target.open("preferQueryMode", mode)));

    target.check("settings given at login: application, schema, options, read only, time zone of the JVM", () -> {
      try (Connection connection = target.open("ApplicationName", "my application", "currentSchema", "pg_catalog", "options", "-c statement_timeout=12345", "readOnly", "true")) {
        Tap.equal(of("my application|pg_catalog|12345ms"), Target.rows(connection, "SELECT current_setting('application_name'), current_schema, reset_val || unit FROM pg_settings WHERE name = 'statement_timeout'"));
        Tap.equal(of("America/New_York"), Target.rows(connection, "SHOW TimeZone"));
        Tap.equal("pg_catalog", connection.getSchema());
        connection.setAutoCommit(false);
        Tap.fails("25006", () -> Target.run(connection, "CREATE TABLE read_only_login (a int)"));
        connection.rollback();
        connection.setClientInfo("ApplicationName", "renamed");
        Tap.equal(of("renamed"), Target.rows(connection, "SHOW application_name"));
        Tap.equal("renamed", connection.unwrap(PGConnection.class).getParameterStatus("application_name"));
      }
    });

    target.check("isValid, abort and close", () -> {
      Connection connection = target.open();
      Tap.equal(true, connection.isValid(10));
      connection.abort(Runnable::run);
      Tap.equal(false, connection.isValid(1));
      connection.close();
    });
  }

  private static void session(Connection connection) throws Exception {
    try (connection) {
      Tap.equal(of("42|text|null|t|1.50"), Target.rows(connection, "SELECT 42, 'text', NULL, true, 1.50"));
      Target.run(connection, "CREATE TEMP TABLE fruit (id int, name text)");
      Tap.equal(2, connection.createStatement().executeUpdate("INSERT INTO fruit VALUES (1, 'apple'), (2, NULL)"));
      Tap.fails("42P01", () -> Target.rows(connection, "SELECT * FROM nosuch"));
      try (PreparedStatement prepared = connection.prepareStatement("SELECT name, id + ? FROM fruit WHERE id = ?")) {
        for (int i = 1; i <= 10; ++i) {
          prepared.setInt(1, i);
          prepared.setInt(2, 1);
          try (ResultSet found = prepared.executeQuery()) {
            Tap.equal(of("apple|" + (i + 1)), Target.rows(found));
          }
        }
      }
      connection.setAutoCommit(false);
      Target.run(connection, "INSERT INTO fruit VALUES (3, 'pear')");
      connection.rollback();
      connection.setAutoCommit(true);
      Tap.equal(of("1", "2"), Target.rows(connection, "SELECT id FROM fruit ORDER BY id"));
    }
  }

  // documented: the sample configuration, whose SCRAM user has an empty salt.
  static void documented(Target target) {
    target.check("the user of the salted form logs in", () -> target.login("salted", "abacaba", "sslmode", "verify-full").close());
    target.check("the driver refuses the documented user's empty salt, so that a salted form is needed", () -> {
      try {
        target.login("user_with_sha256", "abacaba").close();
      } catch (SQLException error) {
        return;
      }
      throw new AssertionError("logged in: the salted form is no longer needed for pgjdbc");
    });
  }
}
