import static java.util.List.of;

import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.UUID;
import org.postgresql.geometric.PGpoint;
import org.postgresql.util.PGInterval;
import org.postgresql.util.PGobject;

// Values of every type that JDBC knows, there and back again, as text and as binary.
final class Types {
  // What is sent as which type, what comes back as an object, and as a string.
  private record Value(String type, Object sent, Object back, String text) {}

  private static PGobject other(String type, String value) {
    try {
      PGobject object = new PGobject();
      object.setType(type);
      object.setValue(value);
      return object;
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Value same(String type, Object value, String text) {
    return new Value(type, value, value, text);
  }

  private static final UUID ID = UUID.fromString("00000000-0000-4000-8000-00000000000f");
  private static final Value[] VALUES = {
      same("bool", true, "t"), same("bool", false, "f"), new Value("int2", (short) -7, -7, "-7"), same("int4", Integer.MIN_VALUE, "-2147483648"),
      same("int8", Long.MAX_VALUE, "9223372036854775807"), same("float4", 1.5f, "1.5"), same("float8", -2.5e300, "-2.5E300"), same("float8", Double.NaN, "NaN"),
      same("float8", Double.NEGATIVE_INFINITY, "-Infinity"), same("numeric", new BigDecimal("12345678901234567890.123400"), "12345678901234567890.123400"),
      same("numeric", new BigDecimal("-0.0001"), "-0.0001"), same("text", "é€😀", "é€😀"), same("text", "", ""), same("varchar", "a'b\\c", "a'b\\c"), same("bpchar", "abc", "abc"),
      same("date", Date.valueOf("2024-02-29"), "2024-02-29"), new Value("date", LocalDate.of(1999, 12, 31), Date.valueOf("1999-12-31"), "1999-12-31"),
      new Value("time", LocalTime.of(12, 34, 56), Time.valueOf("12:34:56"), "12:34:56"),
      same("timestamp", Timestamp.valueOf("2024-02-29 12:34:56.789"), "2024-02-29 12:34:56.789"),
      new Value("timestamp", LocalDateTime.of(1, 2, 3, 4, 5, 6, 7000), Timestamp.valueOf("0001-02-03 04:05:06.000007"), "0001-02-03 04:05:06.000007"),
      new Value("timestamptz", OffsetDateTime.parse("2024-07-01T12:00:00.5+02:00"), Timestamp.valueOf("2024-07-01 06:00:00.5"), "2024-07-01 06:00:00.5-04"),
      same("uuid", ID, ID.toString()), same("json", other("json", "{\"a\" : 1}"), "{\"a\" : 1}"), same("jsonb", other("jsonb", "{\"a\": [1, null]}"), "{\"a\": [1, null]}"),
      same("inet", other("inet", "10.0.0.1/8"), "10.0.0.1/8"), same("bit(3)", other("bit", "101"), "101"), same("money", null, null), same("text", null, null), same("int4", null, null),
      same("oid", 12345L, "12345"), same("name", "a name", "a name"), same("point", new PGpoint(1.5, -2), "(1.5,-2.0)"),
      same("interval", interval("1 year 2 mons 3 days 04:05:06.7"), "1 years 2 mons 3 days 4 hours 5 mins 6.7 secs"),
      same("int4range", other("int4range", "[1,5)"), "[1,5)"), same("xid", other("xid", "7"), "7"), same("tid", other("tid", "(1,2)"), "(1,2)")};

  private static PGInterval interval(String text) {
    try {
      return new PGInterval(text);
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static void checks(Target target) {
    String[][] ways = {{"as text, unnamed", "prepareThreshold", "0", "binaryTransfer", "false"},
        {"as binary from the first time on", "prepareThreshold", "-1"},
        {"as binary, named", "prepareThreshold", "1", "binaryTransferEnable", "date,timestamp,timestamptz,time,timetz,numeric"},
        {"in simple queries", "preferQueryMode", "simple"}};
    for (String[] way : ways) {
      String[] options = java.util.Arrays.copyOfRange(way, 1, way.length);
      target.check("types both ways " + way[0], () -> {
        try (Connection connection = target.open(options)) {
          for (Value value : VALUES)
            for (int i = 0; i < 3; ++i) there_and_back(connection, value);
        }
      });
      boolean as_text = way[0].contains("text") || way[0].contains("simple");
      target.check("arrays both ways " + way[0], () -> {
        try (Connection connection = target.open(options)) {
          array(connection, as_text, "int4", new Integer[] {1, null, -3}, "{1,NULL,-3}");
          array(connection, as_text, "int8", new Long[] {Long.MAX_VALUE}, "{9223372036854775807}");
          array(connection, as_text, "text", new String[] {"a\"b", "c,d", "", "NULL", null}, "{\"a\\\"b\",\"c,d\",\"\",\"NULL\",NULL}");
          array(connection, as_text, "text", new String[][] {{"a", "b"}, {"c", "d"}}, "{{a,b},{c,d}}");
          array(connection, as_text, "float8", new Double[] {1.5, -2.0}, null);
          array(connection, as_text, "bool", new Boolean[] {true, false}, null);
          array(connection, as_text, "numeric", new BigDecimal[] {new BigDecimal("1.50")}, "{1.50}");
          array(connection, as_text, "uuid", new UUID[] {ID}, "{" + ID + "}");
          array(connection, as_text, "int4", new Integer[0], "{}");
        }
      });
    }

    target.check("typed getters and setters: bytes, streams, calendars, java.time", () -> {
      for (String threshold : of("0", "-1"))
        try (Connection connection = target.open("prepareThreshold", threshold);
             PreparedStatement prepared = connection.prepareStatement("SELECT ?::bytea, ?::bytea, ?::timestamptz, ?::date, ?::timestamp, ?::timetz, ?::text")) {
          byte[] bytes = new byte[256];
          for (int i = 0; i < bytes.length; ++i) bytes[i] = (byte) i;
          prepared.setBytes(1, bytes);
          prepared.setBinaryStream(2, new java.io.ByteArrayInputStream(bytes), 100);
          prepared.setObject(3, OffsetDateTime.parse("2024-02-29T23:59:59.999999Z"));
          prepared.setObject(4, LocalDate.of(2024, 2, 29));
          prepared.setObject(5, LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4000));
          prepared.setObject(6, OffsetTime.parse("01:02:03+05:30"));
          prepared.setCharacterStream(7, new java.io.StringReader("from a reader é"), 15);
          try (ResultSet row = prepared.executeQuery()) {
            row.next();
            Tap.equal(bytes, row.getBytes(1));
            Tap.equal(100, row.getBinaryStream(2).readAllBytes().length);
            Tap.equal(OffsetDateTime.parse("2024-02-29T23:59:59.999999Z"), row.getObject(3, OffsetDateTime.class));
            Tap.equal(LocalDate.of(2024, 2, 29), row.getObject(4, LocalDate.class));
            Tap.equal(LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4000), row.getObject(5, LocalDateTime.class));
            Tap.equal(true, OffsetTime.parse("01:02:03+05:30").isEqual(row.getObject(6, OffsetTime.class)));
            Tap.equal("from a reader é", row.getString(7));
          }
        }
    });

    target.check("types that the schema makes: an enum, a domain, a composite", () -> {
      try (Connection connection = target.open()) {
        connection.setAutoCommit(false);
        Target.run(connection, "CREATE TYPE jdbc_mood AS ENUM ('sad', 'ok', 'happy')", "CREATE DOMAIN jdbc_positive AS int CHECK (VALUE > 0)", "CREATE TYPE jdbc_pair AS (a int, b text)",
            "CREATE TABLE jdbc_made (m jdbc_mood, p jdbc_positive, c jdbc_pair)");
        try (PreparedStatement prepared = connection.prepareStatement("INSERT INTO jdbc_made VALUES (?, ?, ?) RETURNING *")) {
          prepared.setObject(1, other("jdbc_mood", "happy"));
          prepared.setInt(2, 5);
          prepared.setObject(3, other("jdbc_pair", "(1,\"x y\")"));
          for (int i = 0; i < 7; ++i)
            try (ResultSet row = prepared.executeQuery()) {
              Tap.equal("jdbc_mood int4 jdbc_pair", row.getMetaData().getColumnTypeName(1) + " " + row.getMetaData().getColumnTypeName(2) + " " + row.getMetaData().getColumnTypeName(3));
              Tap.equal(of("happy|5|(1,\"x y\")"), Target.rows(row));
            }
          prepared.setInt(2, -5);
          Tap.fails("23514", prepared::executeQuery);
        }
        connection.rollback();
      }
    });
  }

  private static void there_and_back(Connection connection, Value value) throws SQLException {
    try (PreparedStatement prepared = connection.prepareStatement("SELECT ?::" + value.type)) {
      if (value.sent == null)
        prepared.setNull(1, java.sql.Types.NULL);
      else
        prepared.setObject(1, value.sent);
      try (ResultSet row = prepared.executeQuery()) {
        row.next();
        Tap.equal(value.type + " " + value.back, value.type + " " + row.getObject(1));
        if (value.back instanceof Double || value.back instanceof PGInterval || value.back instanceof PGpoint) return;  // its text depends on the transfer
        Tap.equal(value.type + " " + value.text, value.type + " " + row.getString(1));
        Tap.equal(value.sent == null, row.wasNull());
      }
    }
  }

  private static void array(Connection connection, boolean as_text, String element, Object[] sent, String text) throws SQLException {
    try (PreparedStatement prepared = connection.prepareStatement("SELECT ?::" + element + "[], array_ndims(?::" + element + "[])")) {
      for (int i = 0; i < 2; ++i) {
        Array array = connection.createArrayOf(element, sent);
        prepared.setArray(1, array);
        prepared.setArray(2, array);
        try (ResultSet row = prepared.executeQuery()) {
          row.next();
          Tap.equal(sent, row.getArray(1).getArray());
          if (as_text && text != null) Tap.equal(text, row.getString(1));  // of binary, the driver makes a text of its own
          Tap.equal(element, row.getArray(1).getBaseTypeName());
          Tap.equal(sent.length == 0 ? 0 : sent instanceof Object[][] ? 2 : 1, row.getInt(2));
        }
      }
    }
  }
}
