import static java.util.List.of;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.PGCopyOutputStream;

// Large results, COPY, cancelling, notifications.
final class Streams {
  static void checks(Target target) {
    target.check("large results and large values, as text and binary", () -> {
      for (String threshold : of("0", "-1"))
        try (Connection connection = target.open("prepareThreshold", threshold)) {
          try (PreparedStatement prepared = connection.prepareStatement("SELECT g, repeat('x', 50) FROM generate_series(1, ?) g")) {
            prepared.setInt(1, 100000);
            long sum = 0;
            try (ResultSet rows = prepared.executeQuery()) {
              while (rows.next()) sum += rows.getInt(1);
            }
            Tap.equal(5000050000L, sum);
          }
          try (PreparedStatement prepared = connection.prepareStatement("SELECT ?::text, ?::bytea")) {
            prepared.setString(1, "é".repeat(3_000_000));
            prepared.setBytes(2, new byte[5_000_000]);
            try (ResultSet row = prepared.executeQuery()) {
              row.next();
              Tap.equal(3_000_000, row.getString(1).length());
              Tap.equal(5_000_000, row.getBytes(2).length);
            }
          }
        }
    });

    target.check("COPY in and out: readers, streams, text, CSV and binary", () -> {
      try (Connection connection = target.open("sslmode", "require")) {
        CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
        Target.run(connection, "CREATE TEMP TABLE c (a int, b text)");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 50000; ++i) lines.append(i).append("\trow ").append(i).append('\n');
        Tap.equal(50000, copy.copyIn("COPY c FROM STDIN", new StringReader(lines.toString())));
        for (String form : of("text", "csv", "binary")) {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          Tap.equal(50000, copy.copyOut("COPY c TO STDOUT (FORMAT " + form + ")", out));
          Target.run(connection, "TRUNCATE c");
          Tap.equal(50000, copy.copyIn("COPY c FROM STDIN (FORMAT " + form + ")", new ByteArrayInputStream(out.toByteArray()), 777));
        }
        StringWriter csv = new StringWriter();
        copy.copyOut("COPY (SELECT a, b || ', \"q\"' FROM c ORDER BY a LIMIT 2) TO STDOUT (FORMAT csv, HEADER)", csv);
        Tap.equal("a,?column?\n0,\"row 0, \"\"q\"\"\"\n1,\"row 1, \"\"q\"\"\"\n", csv);
        try (PGCopyOutputStream out = new PGCopyOutputStream(connection.unwrap(PGConnection.class), "COPY c FROM STDIN")) {
          out.write("-1\tstreamed\n".getBytes());
        }
        Tap.equal(of("50001"), Target.rows(connection, "SELECT count(*) FROM c"));
      }
    });

    target.check("COPY that is given up, that meets an error", () -> {
      try (Connection connection = target.open()) {
        CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
        Target.run(connection, "CREATE TEMP TABLE c (a int)");
        CopyIn in = copy.copyIn("COPY c FROM STDIN");
        in.writeToCopy("1\n".getBytes(), 0, 2);
        in.cancelCopy();
        Tap.fails("22P02", () -> copy.copyIn("COPY c FROM STDIN", new StringReader("1\nx\n")));
        Tap.fails("42P01", () -> copy.copyIn("COPY nosuch FROM STDIN"));
        Tap.equal(of("0"), Target.rows(connection, "SELECT count(*) FROM c"));
      }
    });

    for (String sslmode : of("disable", "require"))
      target.check("cancel of a query that runs, and a time-out; sslmode=" + sslmode, () -> {
        try (Connection connection = target.open("sslmode", sslmode); Statement statement = connection.createStatement()) {
          CompletableFuture<String> ended = CompletableFuture.supplyAsync(() -> {
            try {
              statement.execute("SELECT pg_sleep(30)");
              return "slept";
            } catch (SQLException error) {
              return error.getSQLState();
            }
          });
          // A cancel that comes before the query does nothing, so again until it ends.
          for (String state = null; state == null;) {
            statement.cancel();
            try {
              state = ended.get(50, TimeUnit.MILLISECONDS);
            } catch (TimeoutException again) {
              continue;
            }
            Tap.equal("57014", state);
          }
          Tap.equal(of("1"), Target.rows(connection, "SELECT 1"));
          if (sslmode.equals("disable")) {
            statement.setQueryTimeout(1);
            Tap.fails("57014", () -> statement.execute("SELECT pg_sleep(30)"));
          }
          Target.run(connection, "SET statement_timeout = 50");
          Tap.fails("57014", () -> Target.run(connection, "SELECT pg_sleep(30)"));
        }
      });

    target.check("LISTEN and NOTIFY", () -> {
      try (Connection listener = target.open(); Connection teller = target.open()) {
        PGConnection heard = listener.unwrap(PGConnection.class);
        Target.run(listener, "LISTEN news", "LISTEN \"Other News\"");
        Tap.equal(0, heard.getNotifications().length);
        Target.run(teller, "NOTIFY news, 'it is é'", "SELECT pg_notify('Other News', '')", "NOTIFY unheard");
        int pid = teller.unwrap(PGConnection.class).getBackendPID();
        StringBuilder all = new StringBuilder();
        for (int count = 0; count < 2;)
          for (PGNotification one : heard.getNotifications(30000)) {
            ++count;
            all.append(one.getName()).append('=').append(one.getParameter()).append(one.getPID() == pid ? ";" : " from another;");
          }
        Tap.equal("news=it is é;Other News=;", all);
        teller.setAutoCommit(false);
        Target.run(teller, "NOTIFY news, 'undone'");
        teller.rollback();
        Target.run(teller, "NOTIFY news, 'kept'", "NOTIFY news, 'kept'");
        teller.commit();
        PGNotification[] kept = heard.getNotifications(30000);
        Tap.equal("1 kept", kept.length + " " + kept[0].getParameter());
        Target.run(listener, "UNLISTEN *", "NOTIFY news");
        Tap.equal(0, heard.getNotifications().length);
      }
    });
  }
}
