//! tokio-postgres: binary throughout, statements prepared first, pipelines of itself, channel binding. TAP.

use bytes::Bytes;
use futures_util::{future, pin_mut, stream, SinkExt, StreamExt, TryStreamExt};
use std::{env, error::Error, future::Future, time::Duration};
use tokio_postgres::{binary_copy::BinaryCopyInWriter, error::SqlState, types::Type, AsyncMessage, Client, Config, NoTls};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const USERS: [(&str, &str); 4] = [("trust", ""), ("cleartext", "open-sesame"), ("md5", "salted-once"), ("scram", "pencil")];

fn config(user: &str) -> Config {
    let mut config = Config::new();
    let password = USERS.iter().find(|(name, _)| *name == user).unwrap().1;
    config.host("127.0.0.1").port(env::var("PGPORT").unwrap().parse().unwrap()).dbname(env::var("PGDATABASE").unwrap()).user(user).password(password);
    config
}

async fn connect(user: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config(user).connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn tls(verified: bool) -> Result<postgres_native_tls::MakeTlsConnector, Box<dyn Error + Send + Sync>> {
    let mut builder = native_tls::TlsConnector::builder();
    if verified {
        builder.add_root_certificate(native_tls::Certificate::from_pem(&std::fs::read(env::var("SERVER_CA")?)?)?);
    } else {
        builder.danger_accept_invalid_certs(true);
    }
    Ok(postgres_native_tls::MakeTlsConnector::new(builder.build()?))
}

fn equal<T: PartialEq + std::fmt::Debug>(expected: T, actual: T) -> Outcome {
    if expected == actual { Ok(()) } else { Err(format!("expected {expected:?}, got {actual:?}").into()) }
}

fn fails<T>(result: Result<T, tokio_postgres::Error>, code: SqlState) -> Outcome {
    match result {
        Ok(_) => Err("no error".into()),
        Err(error) => equal(Some(&code), error.code()),
    }
}

async fn logs_in() -> Outcome {
    for (user, _) in USERS {
        let client = connect(user).await?;
        equal(user, client.query_one("SELECT current_user::text", &[]).await?.get::<_, &str>(0))?;
        for verified in [false, true] {
            let (client, connection) = config(user).ssl_mode(tokio_postgres::config::SslMode::Require).connect(tls(verified)?).await?;
            tokio::spawn(connection);
            equal(user, client.query_one("SELECT current_user::text", &[]).await?.get::<_, &str>(0))?;
        }
    }
    let bound = config("scram").ssl_mode(tokio_postgres::config::SslMode::Require).channel_binding(tokio_postgres::config::ChannelBinding::Require).connect(tls(true)?).await;
    bound.map(drop)?;
    fails(config("scram").password("wrong").connect(NoTls).await, SqlState::INVALID_PASSWORD)
}

async fn types() -> Outcome {
    let client = connect("trust").await?;
    macro_rules! both {
        ($($name:literal $kind:ty = $value:expr),*) => { $(
            let value: $kind = $value;
            equal(value.clone(), client.query_one(concat!("SELECT $1::", $name), &[&value]).await?.get::<_, $kind>(0))?;
        )* };
    }
    both!("bool" bool = true, "int2" i16 = -7, "int4" i32 = i32::MAX, "int8" i64 = i64::MIN, "float4" f32 = 1.5, "float8" f64 = 1e300, "text" String = "é".into(), "varchar" String = "".into(),
        "bytea" Vec<u8> = vec![0, 255], "int4[]" Vec<Option<i32>> = vec![Some(1), None], "text[]" Vec<String> = vec!["a,b".into()], "uuid" uuid::Uuid = uuid::Uuid::from_u128(15),
        "jsonb" serde_json::Value = serde_json::json!({"a": [1, null]}), "int4" Option<i32> = None, "timestamptz" std::time::SystemTime = std::time::UNIX_EPOCH + Duration::from_micros(1709210096000789));
    Ok(())
}

async fn statements() -> Outcome {
    let client = connect("trust").await?;
    let statement = client.prepare_typed("SELECT $1 + 1 AS n, $2 AS t", &[Type::INT4, Type::TEXT]).await?;
    equal("n", statement.columns()[0].name())?;
    for i in 0..5 {
        equal(i + 1, client.query_one(&statement, &[&i, &"x"]).await?.get::<_, i32>(0))?;
    }
    drop(statement); // closes it
    // A type that is not among those the driver was built with.
    let row = client.query_one("SELECT relname, relnamespace::regnamespace FROM pg_class WHERE oid = 'pg_class'::regclass", &[]).await?;
    equal("regnamespace", row.columns()[1].type_().name())
}

async fn pipelined() -> Outcome {
    let client = connect("trust").await?;
    let statement = client.prepare("SELECT $1::int * 2").await?;
    let numbers: Vec<i32> = (0..200).collect();
    let rows = future::try_join_all(numbers.iter().map(|n| { let (client, statement) = (&client, &statement); async move { client.query_one(statement, &[n]).await } })).await?;
    equal(398, rows[199].get::<_, i32>(0))
}

async fn transactions() -> Outcome {
    let mut client = connect("trust").await?;
    client.batch_execute("CREATE TEMP TABLE t (a int PRIMARY KEY)").await?;
    let mut transaction = client.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead).start().await?;
    transaction.execute("INSERT INTO t VALUES ($1)", &[&1]).await?;
    let savepoint = transaction.savepoint("s").await?;
    fails(savepoint.execute("INSERT INTO t VALUES (1)", &[]).await, SqlState::UNIQUE_VIOLATION)?;
    savepoint.rollback().await?;
    transaction.commit().await?;
    equal(1, client.query_one("SELECT count(*) FROM t", &[]).await?.get::<_, i64>(0))?;
    let error = client.query("SELECT nosuch", &[]).await.err().ok_or("no error")?;
    equal(Some(&tokio_postgres::error::ErrorPosition::Original(8)), error.as_db_error().and_then(|told| told.position()))
}

async fn large() -> Outcome {
    let mut client = connect("trust").await?;
    equal(100_000, client.query("SELECT g, repeat('x', 50) FROM generate_series(1, 100000) g", &[]).await?.len())?;
    equal(10_000_000, client.query_one("SELECT length($1::text)", &[&"x".repeat(10_000_000)]).await?.get::<_, i32>(0))?;
    let transaction = client.transaction().await?;
    let portal = transaction.bind("SELECT g FROM generate_series(1, 100) g", &[]).await?;
    for _ in 0..10 {
        equal(10, transaction.query_portal(&portal, 10).await?.len())?;
    }
    equal(0, transaction.query_portal(&portal, 10).await?.len())
}

async fn copies() -> Outcome {
    let client = connect("trust").await?;
    client.batch_execute("CREATE TEMP TABLE c (a int, b text)").await?;
    let sink = client.copy_in("COPY c FROM STDIN").await?;
    pin_mut!(sink);
    let mut lines = stream::iter((0..5000).map(|i| Ok(Bytes::from(format!("{i}\trow {i}\n")))));
    sink.send_all(&mut lines).await?;
    equal(5000, sink.finish().await?)?;
    let writer = BinaryCopyInWriter::new(client.copy_in("COPY c FROM STDIN BINARY").await?, &[Type::INT4, Type::TEXT]);
    pin_mut!(writer);
    writer.as_mut().write(&[&7000, &None::<&str>]).await?;
    equal(1, writer.finish().await?)?;
    let out: Vec<Bytes> = client.copy_out("COPY (SELECT * FROM c ORDER BY a LIMIT 2) TO STDOUT").await?.try_collect().await?;
    equal("0\trow 0\n1\trow 1\n".as_bytes().to_vec(), out.concat())?;
    drop(client.copy_in::<_, Bytes>("COPY c FROM STDIN").await?); // CopyFail
    equal(5001, client.query_one("SELECT count(*) FROM c", &[]).await?.get::<_, i64>(0))
}

async fn cancels() -> Outcome {
    let client = connect("trust").await?;
    let token = client.cancel_token();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        token.cancel_query(NoTls).await
    });
    fails(client.query("SELECT pg_sleep(30)", &[]).await, SqlState::QUERY_CANCELED)?;
    equal(1, client.query_one("SELECT 1", &[]).await?.get::<_, i32>(0))
}

async fn notifications() -> Outcome {
    let (listener, mut connection) = config("trust").connect(NoTls).await?;
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(told) = message {
                let _ = sender.send((told.channel().to_owned(), told.payload().to_owned()));
            }
        }
    });
    listener.batch_execute("LISTEN news").await?;
    connect("trust").await?.execute("SELECT pg_notify('news', 'it')", &[]).await?;
    equal(Some(("news".into(), "it".into())), tokio::time::timeout(Duration::from_secs(10), heard.recv()).await?)
}

async fn check(number: usize, name: &str, act: impl Future<Output = Outcome>) -> bool {
    let problem = match tokio::time::timeout(Duration::from_secs(30), act).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error} {:?}", error.source().map(ToString::to_string))),
        Err(_) => Some("30 s have passed".to_owned()),
    };
    println!("{} {number} - {name}", if problem.is_none() { "ok" } else { "not ok" });
    if let Some(text) = &problem {
        println!("# {}", text.replace('\n', "\n# "));
    }
    problem.is_none()
}

#[tokio::main]
async fn main() {
    println!("1..9");
    let mut all = check(1, "logs in in every way, plain and encrypted, with channel binding", logs_in()).await;
    all &= check(2, "types both ways", types()).await;
    all &= check(3, "prepared statements, and a type looked up in the catalogue", statements()).await;
    all &= check(4, "queries sent together", pipelined()).await;
    all &= check(5, "transactions, savepoints, errors", transactions()).await;
    all &= check(6, "large results, and a portal read in portions", large()).await;
    all &= check(7, "COPY both ways, in text and in binary, and given up", copies()).await;
    all &= check(8, "cancel", cancels()).await;
    all &= check(9, "LISTEN and NOTIFY", notifications()).await;
    std::process::exit(if all { 0 } else { 1 });
}
