// SPDX-License-Identifier: MIT
//
// What a model needs of lrhost's ABI 1 in Rust: lrhost/abi.h, batch.h, codec.h, host.h and model.h,
// written by hand, with the names of the C headers without their lr_ prefix. Needs no crate and
// any rustc since 1.57. The sizes at the end are those of the C structs on a 64-bit machine.
//
// A struct that grows at its end in a later ABI stays usable as it stands here: the host is told
// its size and takes what is there.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const ABI: u32 = 1;
pub type Status = i32;
pub const OK: Status = 0;
pub const EINTERNAL: Status = -1;
pub const ENOMEM: Status = -2;
pub const ECONFIG: Status = -3;
pub const EDATA: Status = -4;
pub const EUNAVAILABLE: Status = -5;

pub const OPT_BOOL: u32 = 1; // i32
pub const OPT_INT: u32 = 2; // i64
pub const OPT_FLOAT: u32 = 3; // f64
pub const OPT_STRING: u32 = 6; // *const c_char
pub const OPT_REQUIRED: u32 = 1;
pub const KIND_MODEL: u32 = 4;
pub const MODEL_EXACT: u32 = 1;

#[repr(C)]
pub struct Error {
    pub size: u32,
    pub reserved: u32,
    pub text: [c_char; 1016],
}

#[repr(C)]
pub struct Opt {
    pub name: *const c_char,
    pub doc: *const c_char,
    pub initial: *const c_char,
    pub range: *const c_char,
    pub choices: *const c_char,
    pub typ: u32,
    pub flags: u32,
    pub offset: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi: u32,
    pub ctx: *mut c_void,
    pub pipeline: *const c_char,
    pub instance: *const c_char,
    pub section: *const c_char,
    pub lane: u32,
    pub lanes: u32,
    pub log: extern "C" fn(*mut c_void, i32, *const c_char),
    pub wall_ns: extern "C" fn(*mut c_void) -> i64,
    pub monotonic_ns: extern "C" fn(*mut c_void) -> i64,
    pub stopping: extern "C" fn(*mut c_void) -> i32,
    pub memory: extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    pub metric: extern "C" fn(*mut c_void, i32, *const c_char, *const c_char) -> *mut i64,
    pub settle: extern "C" fn(*mut c_void, u64, u32, i32),
    pub bad_record: extern "C" fn(*mut c_void, u32, *const c_char, *const c_char),
    pub guarantee: i32,
    pub reserved: i32,
    pub budget: i64,
}

#[repr(C)]
pub struct Schema {
    pub size: u32,
    pub n_features: u32,
    pub n_outputs: u32,
    pub reserved: u32,
    pub feature_names: *const *const c_char,
    pub output_names: *const *const c_char,
}

#[repr(C)]
pub struct Batch {
    pub size: u32,
    pub record_size: u32,
    pub count: u32,
    pub capacity: u32,
    pub records: *mut c_void,
    pub spans: *mut c_void,
    pub n_spans: u32,
    pub span_capacity: u32,
    pub token: u64,
    pub hold: *mut c_void,
    pub x: *mut f64,
    pub n_features: u32,
    pub x_stride: u32,
    pub out: *mut f64,
    pub n_outputs: u32,
    pub out_stride: u32,
    pub y: *mut f64,
    pub t0: *mut i64,
    pub t1: *mut i64,
    pub read_ns: i64,
    pub t2_ns: i64,
    pub encoded: *mut c_void,
    pub added: *const c_void,
    pub n_added: u32,
    pub lane: u32,
    pub header: Option<extern "C" fn(*const c_void, u32, *mut c_void) -> Status>,
    pub header_domain: *const c_void,
    pub streams: *const *const c_void,
}

#[repr(C)]
pub struct Bytes {
    pub data: *const c_void,
    pub len: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Model {
    pub size: u32,
    pub caps: u32,
    pub describe: extern "C" fn(*const c_void, *mut Schema, *mut Error) -> Status,
    pub predict: extern "C" fn(*const c_void, *mut Batch, *mut Error) -> Status,
    pub learn: Option<extern "C" fn(*mut c_void, *const Batch, *mut Error) -> Status>,
    pub snapshot: Option<extern "C" fn(*mut c_void, *mut Bytes, *mut Error) -> Status>,
    pub restore: Option<extern "C" fn(*mut c_void, *const Bytes, *mut Error) -> Status>,
}

#[repr(C)]
pub struct Plugin {
    pub size: u32,
    pub kind: u32,
    pub name: *const c_char,
    pub summary: *const c_char,
    pub options: *const Opt,
    pub option_size: u32,
    pub n_options: u32,
    pub settings_size: u32,
    pub reserved: u32,
    pub ops: *const c_void,
    pub check: Option<extern "C" fn(*const c_void, u32, *const c_void)>,
    pub create: extern "C" fn(*const Host, *const c_void, *mut *mut c_void, *mut Error) -> Status,
    pub start: Option<extern "C" fn(*mut c_void, *mut Error) -> Status>,
    pub stop: Option<extern "C" fn(*mut c_void, i64)>,
    pub destroy: extern "C" fn(*mut c_void),
    pub topics: Option<extern "C" fn(*const Host, *const c_void, i32, *mut Error) -> Status>,
}

#[repr(C)]
pub struct Module {
    pub size: u32,
    pub abi_min: u32,
    pub abi_built: u32,
    pub n_plugins: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub license: *const c_char,
    pub plugins: *const *const Plugin,
}

/// What LRHOST_MODULE writes in C: the ABI range as an ELF note, which the host reads before any
/// code of the module can run. Put it into the section ".note.lrhost".
#[repr(C, align(4))]
pub struct Note {
    pub namesz: u32,
    pub descsz: u32,
    pub typ: u32,
    pub name: [u8; 8],
    pub abi_min: u32,
    pub abi_built: u32,
}

pub const fn note(abi_min: u32) -> Note {
    Note { namesz: 7, descsz: 8, typ: 1, name: *b"lrhost\0\0", abi_min, abi_built: ABI }
}

/// Tables hold pointers to other constants; nobody writes to them, so threads may share them.
#[repr(transparent)]
pub struct Table<T>(pub T);
unsafe impl<T> Sync for Table<T> {}

impl Host {
    /// Room for a T, or null: what Box cannot say is that there is no memory.
    pub fn take<T>(&self) -> *mut T {
        (self.memory)(self.ctx, std::ptr::null_mut(), std::mem::size_of::<T>()) as *mut T
    }

    pub fn give_back<T>(&self, this: *mut T) {
        (self.memory)(self.ctx, this as *mut c_void, 0);
    }
}

/// A C string for a table: `text!("...")`.
#[macro_export]
macro_rules! text {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const std::os::raw::c_char
    };
}

/// Writes the sentence and returns the status, as lr_fail does in C.
pub fn fail(err: *mut Error, status: Status, sentence: &str) -> Status {
    if let Some(err) = unsafe { err.as_mut() } {
        let room = err.text.len() - 1;
        let n = sentence.len().min(room);
        for (to, from) in err.text.iter_mut().zip(sentence.bytes().take(n)) {
            *to = from as c_char;
        }
        err.text[n] = 0;
    }
    status
}

/// No panic may leave a function that the host calls: it becomes a status and a sentence.
pub fn guarded(err: *mut Error, work: impl FnOnce() -> Status + std::panic::UnwindSafe) -> Status {
    match std::panic::catch_unwind(work) {
        Ok(status) => status,
        Err(cause) => {
            let text = cause.downcast_ref::<&str>().map(|t| t.to_string());
            let text = text.or_else(|| cause.downcast_ref::<String>().cloned());
            fail(err, EINTERNAL, &format!("panic: {}", text.unwrap_or_default()))
        }
    }
}

const fn same(a: usize, b: usize) -> bool {
    a == b || std::mem::size_of::<usize>() != 8
}
const _: () = assert!(same(std::mem::size_of::<Error>(), 1024));
const _: () = assert!(same(std::mem::size_of::<Opt>(), 56));
const _: () = assert!(same(std::mem::size_of::<Host>(), 128));
const _: () = assert!(same(std::mem::size_of::<Schema>(), 32));
const _: () = assert!(same(std::mem::size_of::<Batch>(), 176));
const _: () = assert!(same(std::mem::size_of::<Model>(), 48));
const _: () = assert!(same(std::mem::size_of::<Plugin>(), 104));
const _: () = assert!(same(std::mem::size_of::<Module>(), 48));
const _: () = assert!(std::mem::size_of::<Note>() == 28);
