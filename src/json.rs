//! Reads JSON as this program writes it: a struct is an object, and never an array.
//!
//! serde's derived code can read a struct from either, and the compiler makes both ways for each of more than a
//! hundred structs. Offering objects alone spares the Worker the second way: 27 KB of its compressed size, and as
//! much of the engine's work at a start. Each part of a value is read through the same adapter.

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Reads a value.
///
/// # Errors
/// When the text is not JSON, or not of this type.
pub(crate) fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Adapter(&mut json))?;
    json.end()?;
    Ok(value)
}

/// Stands around a deserializer, a visitor, an access or a seed.
struct Adapter<T>(T);

macro_rules! as_they_are {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        }
    )*};
}

macro_rules! with_parts {
    ($($method:ident($($name:ident: $type:ty),*) as $inner:ident($($passed:ident),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$inner($($passed,)* Adapter(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Adapter<D> {
    type Error = D::Error;

    as_they_are! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    with_parts! {
        deserialize_any() as deserialize_any();
        deserialize_option() as deserialize_option();
        deserialize_seq() as deserialize_seq();
        deserialize_map() as deserialize_map();
        deserialize_struct(_name: &'static str, _fields: &'static [&'static str]) as deserialize_map();
        deserialize_newtype_struct(name: &'static str) as deserialize_newtype_struct(name);
        deserialize_tuple(length: usize) as deserialize_tuple(length);
        deserialize_tuple_struct(name: &'static str, length: usize) as deserialize_tuple_struct(name, length);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) as deserialize_enum(name, variants);
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visits {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Adapter<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(formatter)
    }

    visits! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64,
        visit_str: &str, visit_borrowed_str: &'de str, visit_string: String,
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Adapter(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Adapter(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Adapter(access))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Adapter(access))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Adapter(access))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Adapter<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Adapter(inner))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Adapter<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Adapter(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Adapter<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Adapter(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Adapter<A> {
    type Error = A::Error;
    type Variant = Adapter<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(seed)?;
        Ok((value, Adapter(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Adapter<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Adapter(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Adapter(visitor))
    }

    /// In JSON, the fields of a variant are the object that a struct inside of it would be.
    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.newtype_variant_seed(Object(visitor))
    }
}

/// Reads an object for a visitor.
struct Object<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Object<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        inner.deserialize_map(Adapter(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Point {
        x: i64,
        #[serde(default)]
        name: Option<String>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Nothing,
        Dot(Point),
        Line(Point, Point),
        Circle { centre: Point, radius: f64 },
    }

    fn reads_as_serde_json_does<T: Serialize + for<'a> Deserialize<'a> + PartialEq + Debug>(value: &T) {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(&from_str::<T>(&text).unwrap(), value, "{text}");
    }

    #[test]
    fn whatever_is_written_is_read() {
        let point = |x| Point { x, name: Some("A\"é\n".to_owned()) };
        reads_as_serde_json_does(&vec![
            Shape::Nothing,
            Shape::Dot(point(1)),
            Shape::Line(point(-1), Point { x: i64::MAX, name: None }),
            Shape::Circle { centre: point(0), radius: 0.5 },
        ]);
        reads_as_serde_json_does(&BTreeMap::from([
            (7_u32, (Some(point(1)), true, ())),
            (8, (None, false, ())),
        ]));
        reads_as_serde_json_does(&serde_json::json!({ "a": [1, null, { "b": "c" }] }));
    }

    #[test]
    fn what_is_not_of_the_type_is_refused() {
        assert_eq!(from_str::<Point>(r#"{"x":1,"more":[{}]}"#).unwrap(), Point { x: 1, name: None });
        for text in ["[1,null]", r#"{"name":"x"}"#, r#"{"x":"1"}"#, r#"{"x":1} 2"#, r#"{"x":1"#, "", "null"] {
            assert!(from_str::<Point>(text).is_err(), "{text}");
        }
        for text in [r#"{"circle":[{"x":1},1]}"#, r#"{"square":{}}"#, r#""dot""#] {
            assert!(from_str::<Shape>(text).is_err(), "{text}");
        }
    }
}
