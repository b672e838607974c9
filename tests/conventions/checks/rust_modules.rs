//! Which module of a Rust crate uses names that another one defines.
//!
//! A name counts for the module that defines it: a `pub use` on the way does not make the re-exporting module
//! a dependency. Code for tests is left out. Names that only a macro's own syntax reveals may be missed.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

use crate::tree;

/// A module's name within its crate, a segment each; the root has none.
type ModulePath = Vec<String>;

/// How many re-exports are followed from one name.
const HOPS_MAX: usize = 16;

#[derive(Default)]
struct Module {
    children: BTreeSet<String>,
    defined: BTreeSet<String>,
    /// What `use` calls by a name, and where it comes from.
    imported: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// Paths as they are written, one segment or more.
    used: BTreeSet<Vec<String>>,
}

/// The modules of a crate.
#[derive(Default)]
pub struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    /// Reads the crate that begins with this file.
    pub fn read(root: &Path) -> Self {
        let mut all = Self::default();
        all.read_file(root, Vec::new(), root.parent().expect("a folder"));
        all
    }

    fn read_file(&mut self, file: &Path, name: ModulePath, folder: &Path) {
        let parsed =
            syn::parse_file(&tree::read(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.read_items(&parsed.items, name, folder);
    }

    /// `folder` is where the files of child modules are.
    fn read_items(&mut self, items: &[Item], name: ModulePath, folder: &Path) {
        let mut module = Module::default();
        for item in items {
            match item {
                Item::Mod(child) if !is_for_tests(&child.attrs) => {
                    let ident = child.ident.to_string();
                    module.children.insert(ident.clone());
                    let mut child_name = name.clone();
                    child_name.push(ident.clone());
                    let child_folder = folder.join(&ident);
                    match &child.content {
                        Some((_, items)) => self.read_items(items, child_name, &child_folder),
                        None => self.read_file(&source_of(folder, &ident), child_name, &child_folder),
                    }
                }
                Item::Use(import) if !is_for_tests(&import.attrs) => {
                    module.import(&import.tree, &mut Vec::new());
                    if !matches!(import.vis, Visibility::Inherited) {
                        continue;
                    }
                    module.used.extend(leaves(&import.tree));
                }
                Item::Mod(_) | Item::Use(_) => {}
                item => {
                    if let Some(defined) = ident_of(item) {
                        module.defined.insert(defined);
                    }
                    Paths(&mut module.used).visit_item(item);
                }
            }
        }
        self.modules.insert(name, module);
    }

    /// Which module depends on which.
    pub fn edges(&self) -> Vec<(String, String)> {
        let mut edges = BTreeSet::new();
        for (name, module) in &self.modules {
            for path in &module.used {
                if let Some(target) = self.resolve(name, path, HOPS_MAX) {
                    edges.insert((display(name), display(&target)));
                }
            }
        }
        edges.into_iter().collect()
    }

    /// The module that defines what `path` names in `from`. None for a name of another crate, and for a
    /// module itself.
    fn resolve(&self, from: &ModulePath, path: &[String], hops: usize) -> Option<ModulePath> {
        if hops == 0 {
            return None;
        }
        let (mut at, mut rest) = self.start(from, path, hops)?;
        while let [segment, after @ ..] = rest {
            let module = &self.modules[&at];
            if module.children.contains(segment) {
                at.push(segment.clone());
                rest = after;
                continue;
            }
            if module.defined.contains(segment) {
                return Some(at);
            }
            if let Some(source) = module.imported.get(segment) {
                let full: Vec<String> = source.iter().chain(after).cloned().collect();
                return self.resolve(&at, &full, hops - 1);
            }
            return module.globs.iter().find_map(|glob| {
                let full: Vec<String> = glob.iter().chain(rest).cloned().collect();
                self.resolve(&at, &full, hops - 1)
            });
        }
        None
    }

    /// The module where a path begins, and the segments that are left.
    fn start<'p>(
        &self,
        from: &ModulePath,
        path: &'p [String],
        hops: usize,
    ) -> Option<(ModulePath, &'p [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((Vec::new(), rest)),
            "self" => Some((from.clone(), rest)),
            "super" => {
                let mut parent = from.clone();
                parent.pop()?;
                let mut rest = rest;
                while let [segment, after @ ..] = rest
                    && segment == "super"
                {
                    parent.pop()?;
                    rest = after;
                }
                Some((parent, rest))
            }
            first => {
                let module = &self.modules[from];
                if module.children.contains(first) || module.defined.contains(first) {
                    return Some((from.clone(), path));
                }
                let source = module.imported.get(first)?;
                // A module that is imported by name: `use crate::writer;`, then `writer::discard`.
                let target = self.module_of(from, source, hops - 1)?;
                Some((target, rest))
            }
        }
    }

    fn module_of(&self, from: &ModulePath, path: &[String], hops: usize) -> Option<ModulePath> {
        let (mut at, rest) = self.start(from, path, hops.max(1))?;
        for segment in rest {
            at.push(segment.clone());
        }
        self.modules.contains_key(&at).then_some(at)
    }
}

impl Module {
    fn import(&mut self, tree: &UseTree, prefix: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(&path.tree, prefix);
                prefix.pop();
            }
            UseTree::Name(name) => {
                let ident = name.ident.to_string();
                if ident == "self" {
                    if let Some(last) = prefix.last() {
                        self.imported.insert(last.clone(), prefix.clone());
                    }
                } else {
                    let full = prefix.iter().cloned().chain([ident.clone()]).collect();
                    self.imported.insert(ident, full);
                }
            }
            UseTree::Rename(rename) => {
                let full = prefix.iter().cloned().chain([rename.ident.to_string()]).collect();
                self.imported.insert(rename.rename.to_string(), full);
            }
            UseTree::Glob(_) => self.globs.push(prefix.clone()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix);
                }
            }
        }
    }
}

/// The full paths that a `use` names.
fn leaves(tree: &UseTree) -> Vec<Vec<String>> {
    let mut module = Module::default();
    module.import(tree, &mut Vec::new());
    module.imported.into_values().collect()
}

/// Collects the paths of an item, those in the arguments of macros too.
struct Paths<'a>(&'a mut BTreeSet<Vec<String>>);

impl Visit<'_> for Paths<'_> {
    fn visit_attribute(&mut self, _: &Attribute) {}

    fn visit_path(&mut self, path: &syn::Path) {
        self.0.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, found: &syn::Macro) {
        self.visit_path(&found.path);
        self.tokens(found.tokens.clone());
    }
}

impl Paths<'_> {
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut joined = false;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if !joined && !path.is_empty() {
                        self.0.insert(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    joined = false;
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    joined = colons == 2;
                }
                other => {
                    if !path.is_empty() {
                        self.0.insert(std::mem::take(&mut path));
                    }
                    joined = false;
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        if !path.is_empty() {
            self.0.insert(path);
        }
    }
}

fn ident_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Whether an item is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn source_of(folder: &Path, module: &str) -> PathBuf {
    let file = folder.join(format!("{module}.rs"));
    if file.exists() { file } else { folder.join(module).join("mod.rs") }
}

fn display(name: &ModulePath) -> String {
    if name.is_empty() { "(root)".to_owned() } else { name.join("::") }
}
