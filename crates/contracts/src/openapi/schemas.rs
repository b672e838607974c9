//! Collects the JSON Schemas of the wire types while the operations are described.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::problem::Code;

/// Requests are described as Sluice reads them and answers as it writes them: a field with a default may be
/// absent from a request, but answers always have it.
pub(super) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            requests: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
        }
    }

    pub(super) fn request<T: JsonSchema>(&mut self) -> Value {
        self.requests.subschema_for::<T>().to_value()
    }

    pub(super) fn answer<T: JsonSchema>(&mut self) -> Value {
        self.answers.subschema_for::<T>().to_value()
    }

    /// The one variant of the answer `T` that has this outcome.
    ///
    /// # Panics
    /// If `T` has no such variant.
    pub(super) fn outcome<T: JsonSchema>(&mut self, outcome: &str) -> Value {
        let mut schema = T::json_schema(&mut self.answers).to_value();
        let variants = schema["oneOf"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let is_outcome = |variant: &Value| variant["properties"]["outcome"]["const"] == outcome;
        let mut variant = variants.into_iter().find(is_outcome).expect("an outcome of the type");
        // Some readers of the document ignore what stands beside a reference.
        if let Some(reference) = variant.as_object_mut().and_then(|variant| variant.remove("$ref")) {
            variant["allOf"] = json!([{"$ref": reference}]);
        }
        variant
    }

    /// All schemas, by name.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.requests.take_definitions(true);
        for (name, schema) in self.answers.take_definitions(true) {
            let known = components.insert(name.clone(), schema.clone());
            assert!(
                known.is_none_or(|known| known == schema),
                "{name} is not the same in requests and answers"
            );
        }
        components.insert("Code".to_owned(), code());
        for schema in components.values_mut() {
            if let Ok(schema) = schema.try_into() {
                tidy(schema);
            }
        }
        components
    }
}

/// A code is any text, because a newer server may send one that this document does not know.
fn code() -> Value {
    let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "string",
        "description": "What went wrong. Codes are never renamed or reused, but new ones may come: handle an \
         unknown code by its status.",
        "examples": known,
    })
}

/// Removes the link marks of Rust's documentation from the descriptions.
pub(super) fn tidy(schema: &mut Schema) {
    RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace("[`", "`").replace("`]", "`").replace('\n', " ");
        }
    })
    .transform(schema);
}
