//! Which objects go into which run: pure.

use tamiz_domain::{DispatchLimits, ManifestObject};

/// Packs objects into runs of at most `max_objects` objects and `max_bytes` bytes; a larger object is a run of its own.
///
/// The same set of objects in any order gives the same runs, so a dispatcher that starts again after a crash plans what
/// it planned before. Neighbours in name stay together; filling every last gap would be worth little and would make
/// runs that nobody can foresee.
pub fn pack(mut objects: Vec<ManifestObject>, limits: &DispatchLimits) -> Vec<Vec<ManifestObject>> {
    objects.sort_by(|a, b| a.identity.cmp(&b.identity));
    let (fitting, oversized): (Vec<_>, Vec<_>) = objects.into_iter().partition(|o| o.size <= limits.max_bytes);
    let mut runs = Vec::new();
    let (mut run, mut bytes) = (Vec::new(), 0u64);
    for object in fitting {
        let full = run.len() >= limits.max_objects || object.size > limits.max_bytes - bytes;
        if full && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
            bytes = 0;
        }
        bytes += object.size;
        run.push(object);
    }
    runs.extend((!run.is_empty()).then_some(run));
    runs.extend(oversized.into_iter().map(|object| vec![object]));
    runs
}

#[cfg(test)]
mod tests {
    use tamiz_domain::ObjectIdentity;

    use super::*;

    fn object(key: &str, size: u64) -> ManifestObject {
        let identity = ObjectIdentity { bucket: "b".into(), key: key.into(), etag: "e".into() };
        ManifestObject { identity, uri: format!("s3://b/{key}"), version_id: None, size }
    }

    fn limits(max_objects: usize, max_bytes: u64) -> DispatchLimits {
        DispatchLimits { max_objects, max_bytes, ..DispatchLimits::default() }
    }

    fn packed(sizes: &[u64], limits: &DispatchLimits) -> Vec<Vec<u64>> {
        let objects = sizes.iter().enumerate().map(|(n, &size)| object(&format!("{n:03}"), size)).collect();
        pack(objects, limits).iter().map(|run| run.iter().map(|o| o.size).collect()).collect()
    }

    #[test]
    fn a_run_is_full_at_its_number_of_objects_or_bytes() {
        assert_eq!(packed(&[1, 1, 1, 1, 1], &limits(2, 100)), [vec![1, 1], vec![1, 1], vec![1]]);
        assert_eq!(packed(&[40, 60, 1], &limits(10, 100)), [vec![40, 60], vec![1]]);
    }

    #[test]
    fn an_object_larger_than_a_run_is_alone() {
        assert_eq!(packed(&[1, 500, 1], &limits(10, 100)), [vec![1, 1], vec![500]]);
        assert_eq!(packed(&[u64::MAX, 7], &limits(10, 100)), [vec![7], vec![u64::MAX]]);
    }

    #[test]
    fn nothing_makes_no_run_and_empty_objects_have_a_place() {
        assert_eq!(packed(&[], &limits(10, 100)), Vec::<Vec<u64>>::new());
        assert_eq!(packed(&[0, 0], &limits(10, 0)), [vec![0, 0]]);
    }

    #[test]
    fn every_order_of_the_objects_gives_the_same_runs_with_each_object_once() {
        let sizes = [30, 200, 10, 80, 0, 60, 100, 101];
        let objects: Vec<_> = sizes.iter().enumerate().map(|(n, &s)| object(&n.to_string(), s)).collect();
        let expected = pack(objects.clone(), &limits(3, 100));
        assert_eq!(expected.iter().flatten().count(), objects.len());
        for turn in 0..objects.len() {
            let mut turned = objects.clone();
            turned.rotate_left(turn);
            assert_eq!(pack(turned.clone(), &limits(3, 100)), expected);
            turned.reverse();
            assert_eq!(pack(turned, &limits(3, 100)), expected);
        }
    }
}
