//! A Deployment: pods of one image behind a Service, replaced one by one.

use super::image;
use super::service::Service;
use canary_e2e::nginx::{Config, Nginx};
use canary_e2e::process::is_running;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::wait::{self, DEADLINE};
use rustix::process::{Pid, Signal, kill_process};

/// The configuration of `peer.sh`: the name server and the peer.
pub(crate) fn ask(dns: u16, peer: &str) -> impl Fn(&mut Config) + use<> {
    let text = format!("resolver 127.0.0.1:{dns} valid=10s; set $peer {peer};");
    move |config| assert!(config.insert("peer/peer.conf".to_owned(), text.clone()).is_none())
}

pub(crate) const STABLE: &str = "frontend-stable.shop.svc.cluster.local";
pub(crate) const CANARY: &str = "frontend-canary.shop.svc.cluster.local";

/// The configuration of a Deployment whose peer is behind `service`.
pub(crate) fn peer(dns: u16, name: &str, service: &Service) -> impl Fn(&mut Config) + use<> {
    ask(dns, &format!("{name}:{}", service.port()))
}

/// A ready pod.
pub(crate) struct Pod {
    pub(crate) nginx: Nginx,
    _image: SiteFiles,
}

impl Pod {
    pub(crate) fn start(versions: &[&str], edit: impl FnOnce(&mut Config)) -> Self {
        let image = image::build(versions);
        Self { nginx: Nginx::start_with(image.root(), edit), _image: image }
    }

    pub(crate) fn port(&self) -> u16 {
        self.nginx.origin().rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Stops by the STOPSIGNAL of the image, after pending requests.
    fn end(self) {
        let pid = Pid::from_raw(self.nginx.pid().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::QUIT).unwrap();
        wait::until("nginx to end", DEADLINE, || (!is_running(self.nginx.pid())).then_some(()));
    }
}

/// Two pods behind a Service.
pub(crate) struct Deployment {
    service: Service,
    pods: Vec<Pod>,
    edit: Box<dyn Fn(&mut Config)>,
}

impl Deployment {
    pub(crate) fn start(service: Service, versions: &[&str], edit: impl Fn(&mut Config) + 'static) -> Self {
        let mut deployment = Self { service, pods: Vec::new(), edit: Box::new(edit) };
        for _ in 0..2 {
            deployment.surge(versions);
        }
        deployment
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.service.port())
    }

    /// Adds a pod.
    fn surge(&mut self, versions: &[&str]) {
        let pod = Pod::start(versions, &self.edit);
        self.service.add(pod.port());
        self.pods.push(pod);
    }

    /// A step of a rolling update with `maxUnavailable: 0`: a pod of the new image
    /// starts, then the oldest one stops.
    pub(crate) fn step(&mut self, versions: &[&str]) {
        self.surge(versions);
        let pod = self.pods.remove(0);
        self.service.remove(pod.port());
        pod.end();
    }
}
