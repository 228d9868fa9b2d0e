// SPDX-License-Identifier: MIT
//
// model_rust: a model in Rust. Predicts a quantile of a record's features, 0.5 being the median.
//
//   rustc --crate-type cdylib -C opt-level=2 model_rust.rs -o model_rust.so
//
// Without cargo and without crates; lrhost.rs beside it has what is needed of the C headers.
use std::os::raw::c_void;

mod lrhost;
use lrhost::{fail, guarded, Batch, Error, Host, Model, Module, Note, Opt, Plugin, Schema, Table};

// What the INI file may say. The host fills it, by the offsets in OPTIONS.
#[repr(C)]
struct Settings {
    features: i64,
    quantile: f64,
}

struct Quantile {
    host: *const Host,
    features: usize,
    quantile: f64,
}

impl Quantile {
    // Between the two nearest features in order of size, as numpy.quantile does.
    fn predict(&self, features: &[f64], sorted: &mut Vec<f64>) -> f64 {
        sorted.clear();
        sorted.extend_from_slice(features);
        sorted.sort_unstable_by(|a, b| a.total_cmp(b));
        let at = self.quantile * (self.features - 1) as f64;
        let low = at.floor() as usize;
        let high = at.ceil() as usize;
        sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
    }
}

extern "C" fn create(
    host: *const Host,
    settings: *const c_void,
    ret_self: *mut *mut c_void,
    err: *mut Error,
) -> lrhost::Status {
    guarded(err, || {
        let settings = unsafe { &*(settings as *const Settings) };
        if settings.features < 1 {
            return fail(err, lrhost::ECONFIG, "features must be at least 1");
        }
        let this = unsafe { &*host }.take::<Quantile>();
        if this.is_null() {
            return fail(err, lrhost::ENOMEM, "no memory for the model");
        }
        let features = settings.features as usize;
        unsafe {
            this.write(Quantile { host, features, quantile: settings.quantile });
            *ret_self = this as *mut c_void;
        }
        lrhost::OK
    })
}

extern "C" fn destroy(this: *mut c_void) {
    let this = this as *mut Quantile;
    if !this.is_null() {
        unsafe { &*(*this).host }.give_back(this);
    }
}

extern "C" fn describe(
    this: *const c_void,
    ret_schema: *mut Schema,
    err: *mut Error,
) -> lrhost::Status {
    guarded(err, || {
        let model = unsafe { &*(this as *const Quantile) };
        let schema = unsafe { &mut *ret_schema };
        schema.n_features = model.features as u32;
        schema.n_outputs = 1;
        lrhost::OK
    })
}

// Called by several lanes at once: the model is shared and const, what is scratch is local.
extern "C" fn predict(this: *const c_void, batch: *mut Batch, err: *mut Error) -> lrhost::Status {
    guarded(err, || {
        let model = unsafe { &*(this as *const Quantile) };
        let batch = unsafe { &mut *batch };
        let mut sorted = Vec::new();
        if sorted.try_reserve(model.features).is_err() {
            return fail(err, lrhost::ENOMEM, "no memory to sort a record in");
        }
        for i in 0..batch.count as usize {
            let row = unsafe {
                let begin = batch.x.add(i * batch.x_stride as usize);
                std::slice::from_raw_parts(begin, model.features)
            };
            let prediction = model.predict(row, &mut sorted);
            unsafe { *batch.out.add(i * batch.out_stride as usize) = prediction };
        }
        lrhost::OK
    })
}

static OPTIONS: Table<[Opt; 2]> = Table([
    Opt {
        name: text!("features"),
        doc: text!("How many numbers a record has"),
        initial: text!("3"),
        range: text!("1..65536"),
        choices: std::ptr::null(),
        typ: lrhost::OPT_INT,
        flags: 0,
        offset: 0,
        reserved: 0,
    },
    Opt {
        name: text!("quantile"),
        doc: text!("Which part of the features is smaller; 0.5 is the median"),
        initial: text!("0.5"),
        range: text!("0..1"),
        choices: std::ptr::null(),
        typ: lrhost::OPT_FLOAT,
        flags: 0,
        offset: 8,
        reserved: 0,
    },
]);

static MODEL: Model = Model {
    size: std::mem::size_of::<Model>() as u32,
    caps: lrhost::MODEL_EXACT,
    describe,
    predict,
    learn: None,
    snapshot: None,
    restore: None,
};

static PLUGIN: Table<Plugin> = Table(Plugin {
    size: std::mem::size_of::<Plugin>() as u32,
    kind: lrhost::KIND_MODEL,
    name: text!("model_rust"),
    summary: text!("predicts a quantile of the features, in Rust"),
    options: &OPTIONS.0 as *const Opt,
    option_size: std::mem::size_of::<Opt>() as u32,
    n_options: 2,
    settings_size: std::mem::size_of::<Settings>() as u32,
    reserved: 0,
    ops: &MODEL as *const Model as *const c_void,
    check: None,
    create,
    start: None,
    stop: None,
    destroy,
    topics: None,
});

static PLUGINS: Table<[*const Plugin; 1]> = Table([&PLUGIN.0]);

static MODULE: Table<Module> = Table(Module {
    size: std::mem::size_of::<Module>() as u32,
    abi_min: 1,
    abi_built: lrhost::ABI,
    n_plugins: 1,
    name: text!("model_rust"),
    version: text!("1"),
    license: text!("MIT"),
    plugins: &PLUGINS.0 as *const *const Plugin,
});

#[used]
#[link_section = ".note.lrhost"]
static NOTE: Note = lrhost::note(1);

#[no_mangle]
pub extern "C" fn lrhost_module_v1(host_abi: u32) -> *const Module {
    if host_abi >= 1 {
        &MODULE.0
    } else {
        std::ptr::null()
    }
}
