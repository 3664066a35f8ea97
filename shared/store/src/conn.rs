use async_trait::async_trait;

/// A bound parameter or a column value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// NULL.
    Null,
    /// INTEGER; within 2^53, since both platforms pass JavaScript numbers.
    Integer(i64),
    /// TEXT.
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl From<itip::Timestamp> for Value {
    fn from(timestamp: itip::Timestamp) -> Self {
        Self::Integer(timestamp.0)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row, by position in the SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The text at `column`.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(StoreError::Shape { column, wanted: "text" }),
        }
    }

    /// The number at `column`.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Value::Integer(number)) => Ok(*number),
            _ => Err(StoreError::Shape { column, wanted: "integer" }),
        }
    }

    /// The number at `column`, as a count.
    pub fn count(&self, column: usize) -> Result<u32, StoreError> {
        u32::try_from(self.integer(column)?).map_err(|_| StoreError::Shape { column, wanted: "count" })
    }

    /// The number at `column`, or `None` for NULL.
    pub fn maybe_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.integer(column).map(Some),
        }
    }

    /// The text at `column`, or `None` for NULL.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// The JSON at `column`.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        serde_json::from_str(self.text(column)?).map_err(|error| StoreError::Json(error.to_string()))
    }
}

/// One statement with its parameters: at most 100 (D1, Durable Object SQLite); sets are bound as one JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// SQL with `?1`, `?2`, … placeholders.
    pub sql: &'static str,
    /// The values bound to them.
    pub params: Vec<Value>,
}

impl Statement {
    /// Binds `params` to `sql`.
    pub fn new(sql: &'static str, params: Vec<Value>) -> Self {
        Self { sql, params }
    }
}

/// Why the database did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The platform refused or failed; trying again may help.
    #[error("the database failed: {0}")]
    Platform(String),
    /// A row is not what the query promises: ours, trying again does not help.
    #[error("column {column} is not {wanted}")]
    Shape {
        /// Position in the SELECT.
        column: usize,
        /// The expected type.
        wanted: &'static str,
    },
    /// A stored JSON does not decode.
    #[error("a stored value does not decode: {0}")]
    Json(String),
}

/// The synchronous SQLite inside a Durable Object. The caller opens the transaction.
pub trait SqlConn {
    /// Runs one statement and returns its rows.
    fn run(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError>;
}

/// D1: asynchronous, shared by everybody.
#[async_trait]
pub trait Database: Send + Sync {
    /// Runs the statements in one transaction and returns the rows of each.
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError>;

    /// Runs one statement.
    async fn run(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Ok(self.batch(vec![statement]).await?.into_iter().next().unwrap_or_default())
    }
}
