//! Operators of libtorch that `tch` does not offer, called by name through the dispatcher.
//!
//! libtorch exports a C interface to it for compiled models (`torch/csrc/stable/c/shim.h`): arguments go onto a stack of
//! 64-bit values in the order of the operator's schema, results come back in their place. A tensor is a pointer to an
//! `at::Tensor`, which is what a `tch::Tensor` holds, so nothing is copied or compiled.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use tch::{TchError, Tensor};

/// An argument, of the type that the operator's schema names.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    /// `Tensor`
    Tensor(&'a Tensor),
    /// `Tensor[]`
    Tensors(&'a [&'a Tensor]),
    /// `Tensor?`
    OptionalTensor(Option<&'a Tensor>),
    /// `int`, `SymInt`
    Int(i64),
    /// `int?`, `SymInt?`
    OptionalInt(Option<i64>),
    /// `float`
    Float(f64),
    /// `float?`
    OptionalFloat(Option<f64>),
    /// `bool`
    Bool(bool),
    /// `str`
    Text(&'a str),
    /// `str?`
    OptionalText(Option<&'a str>),
    /// A list of anything, empty.
    EmptyList,
}

unsafe extern "C" {
    fn aoti_torch_call_dispatcher(operator: *const c_char, overload: *const c_char, stack: *mut u64) -> i32;
    fn torch_new_string_handle(data: *const c_char, length: usize, handle: *mut *mut c_void) -> i32;
    fn torch_new_list_reserve_size(size: usize, handle: *mut *mut c_void) -> i32;
    fn torch_list_push_back(list: *mut c_void, element: u64) -> i32;
}

/// Calls an operator that answers `N` tensors and nothing else.
///
/// # Errors
/// Where libtorch refuses. It writes its reason to stderr, the interface has no place for it: it may be want of memory.
pub(crate) fn call<const N: usize>(
    operator: &CStr,
    overload: &CStr,
    arguments: &[Argument<'_>],
) -> Result<[Tensor; N], TchError> {
    let refused = || {
        let operator = operator.to_string_lossy();
        TchError::Torch(format!("operator {operator} failed: out of memory, or as libtorch says on stderr"))
    };
    let mut stack = arguments.iter().map(value_of).collect::<Option<Vec<u64>>>().ok_or_else(refused)?;
    stack.resize(stack.len().max(N), 0);
    // SAFETY: names are NUL-terminated; the stack holds an owned value for each argument, which the call takes, and has room
    // for the results.
    let code = unsafe { aoti_torch_call_dispatcher(operator.as_ptr(), overload.as_ptr(), stack.as_mut_ptr()) };
    if code != 0 {
        return Err(refused());
    }
    // SAFETY: on success the first values are tensors that are ours now.
    Ok(std::array::from_fn(|at| unsafe { Tensor::from_ptr(stack[at] as *mut _) }))
}

/// An owned value on the stack; none if libtorch has no memory for it.
fn value_of(argument: &Argument<'_>) -> Option<u64> {
    match *argument {
        Argument::Tensor(tensor) => Some(owned(tensor)),
        Argument::Tensors(tensors) => {
            let list = new_list(tensors.len())?;
            for tensor in tensors {
                // SAFETY: the list is one, and takes the reference over.
                if unsafe { torch_list_push_back(list as *mut c_void, owned(tensor)) } != 0 {
                    return None;
                }
            }
            Some(list)
        }
        Argument::OptionalTensor(tensor) => tensor.map_or(Some(0), |tensor| boxed(owned(tensor))),
        Argument::Int(number) => Some(number as u64),
        Argument::OptionalInt(number) => number.map_or(Some(0), |number| boxed(number as u64)),
        Argument::Float(number) => Some(number.to_bits()),
        Argument::OptionalFloat(number) => number.map_or(Some(0), |number| boxed(number.to_bits())),
        Argument::Bool(flag) => Some(flag.into()),
        Argument::Text(text) => new_text(text),
        Argument::OptionalText(text) => text.map_or(Some(0), |text| boxed(new_text(text)?)),
        Argument::EmptyList => new_list(0),
    }
}

/// Another reference to the tensor's memory, which whoever reads the stack lets go of.
fn owned(tensor: &Tensor) -> u64 {
    let mut reference = tensor.shallow_clone();
    let pointer = reference.as_mut_ptr() as u64;
    std::mem::forget(reference);
    pointer
}

/// An optional value is a pointer to one, which libtorch frees with `delete`: that is `free`, where memory is glibc's.
fn boxed(value: u64) -> Option<u64> {
    // SAFETY: malloc answers null or memory that is aligned for any value of its size.
    unsafe {
        let pointer = libc::malloc(size_of::<u64>()).cast::<u64>();
        if pointer.is_null() {
            return None;
        }
        pointer.write(value);
        Some(pointer as u64)
    }
}

fn new_list(size: usize) -> Option<u64> {
    handle(|slot| {
        // SAFETY: the slot is valid for one pointer.
        unsafe { torch_new_list_reserve_size(size, slot) }
    })
}

fn new_text(text: &str) -> Option<u64> {
    handle(|slot| {
        // SAFETY: the text is copied, by its length; the slot is valid for one pointer.
        unsafe { torch_new_string_handle(text.as_ptr().cast(), text.len(), slot) }
    })
}

fn handle(make: impl FnOnce(*mut *mut c_void) -> i32) -> Option<u64> {
    let mut handle = ptr::null_mut();
    (make(&mut handle) == 0).then_some(handle as u64)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn an_operator_answers_what_tch_answers() {
        let values = Tensor::from_slice(&[-1.0_f32, 0.0, 2.5]);
        let [by_name] = call(c"aten::gelu", c"", &[Argument::Tensor(&values), Argument::Text("none")]).unwrap();
        assert_eq!(by_name, values.gelu("none"));
    }

    #[test]
    fn numbers_go_in_and_several_tensors_come_out() {
        let [queries, keys, values] = [0, 1, 2].map(|_| Tensor::randn([2, 3, 5, 8], (Kind::Float, Device::Cpu)));
        let arguments = [
            Argument::Tensor(&queries),
            Argument::Tensor(&keys),
            Argument::Tensor(&values),
            Argument::Float(0.0),
            Argument::Bool(true),
            Argument::OptionalTensor(None),
            Argument::OptionalFloat(Some(0.25)),
        ];
        let [attended, log_sums] = call(c"aten::_scaled_dot_product_flash_attention_for_cpu", c"", &arguments).unwrap();
        let no_mask: Option<&Tensor> = None;
        let expected =
            Tensor::scaled_dot_product_attention(&queries, &keys, &values, no_mask, 0.0, true, Some(0.25), false);
        assert_eq!(attended, expected);
        assert_eq!(log_sums.size(), [2, 3, 5]);
    }

    #[test]
    fn an_unknown_operator_is_an_error() {
        assert!(call::<1>(c"aten::no_such_operator", c"", &[]).unwrap_err().to_string().contains("no_such_operator"));
    }
}
