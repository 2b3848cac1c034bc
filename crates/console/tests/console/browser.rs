//! A browser: keeps cookies by name and path, fills in forms, follows redirects, remembers every address.

use std::collections::BTreeMap;

use api::Principal;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use console::Options;
use tower::ServiceExt;

use crate::given::Given;

pub struct Browser {
    router: Router,
    language: &'static str,
    cookies: BTreeMap<(String, String), String>,
    /// Every address asked for or linked to.
    pub addresses: Vec<String>,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Browser {
    pub fn new(given: &Given) -> Self {
        let router = console::router(given.platform.clone(), Options::default());
        Self { router, language: "en", cookies: BTreeMap::new(), addresses: Vec::new() }
    }

    pub fn chinese(given: &Given) -> Self {
        Self { language: "zh-CN,zh;q=0.9,en;q=0.8", ..Self::new(given) }
    }

    /// One that is signed in.
    pub async fn of(given: &Given, principal: Principal) -> Self {
        let mut browser = Self::new(given);
        let token = given.platform.sign_in(principal, 3_600_000).expect("token");
        let page = browser.once(Method::GET, &format!("/sign-in?token={token}"), None, &[]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        browser
    }

    /// Goes to an address and follows redirects.
    pub async fn get(&mut self, path: &str) -> Page {
        let page = self.once(Method::GET, path, None, &[]).await;
        self.follow(page).await
    }

    /// Sends a form and follows the redirect.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.posted(path, fields).await;
        self.follow(page).await
    }

    /// Sends a form and looks at the answer itself.
    pub async fn posted(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.once(Method::POST, path, Some(encoded(fields)), &[]).await
    }

    /// Sends the form of a page that goes to `action`, with what is filled in or clicked.
    pub async fn submit(&mut self, page: &Page, action: &str, more: &[(&str, &str)]) -> Page {
        let hidden = page.hidden(action);
        let mut fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend(more);
        self.post(action, &fields).await
    }

    pub async fn once(
        &mut self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Page {
        self.addresses.push(path.to_owned());
        let mut request = Request::builder().method(method).uri(path).header(ACCEPT_LANGUAGE, self.language);
        let on_path =
            |cookie: &str| path == cookie || cookie == "/" || path.starts_with(&format!("{cookie}/"));
        let sent = self.cookies.iter().filter(|((_, cookie), _)| on_path(cookie));
        let cookies: Vec<String> = sent.map(|((name, _), value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).expect("request");
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().expect("ASCII"));
        }
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("body");
        let html = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        self.addresses.extend(links(&html));
        Page { status, headers, html }
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        while page.status == StatusCode::SEE_OTHER {
            let to = page.location();
            page = self.once(Method::GET, &to, None, &[]).await;
        }
        page
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("cookie");
        let attributes: Vec<&str> = parts.collect();
        assert!(attributes.contains(&"HttpOnly") && attributes.contains(&"SameSite=Strict"), "{cookie}");
        let path = attributes.iter().find_map(|part| part.strip_prefix("Path=")).expect("path");
        let key = (name.to_owned(), path.to_owned());
        if attributes.contains(&"Max-Age=0") {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }

    pub fn has_cookie(&self, name: &str) -> bool {
        self.cookies.keys().any(|(known, _)| known == name)
    }
}

impl Page {
    pub fn location(&self) -> String {
        self.headers[LOCATION].to_str().expect("ASCII").to_owned()
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "no {text:?} in\n{}", self.html);
        self
    }

    #[track_caller]
    pub fn silent(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{text:?} in\n{}", self.html);
        self
    }

    #[track_caller]
    pub fn is(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.html);
        self
    }

    /// The hidden fields of the first form that goes to `action`.
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.forms().find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.unwrap_or_else(|| panic!("no form to {action} in\n{}", self.html));
        let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().expect("tag"));
        let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
        hidden.map(|input| (attribute(input, "name"), attribute(input, "value"))).collect()
    }

    /// The page as if only the form with `text` in it were there.
    #[track_caller]
    pub fn form_with(&self, text: &str) -> Self {
        let form = self.forms().find(|form| form.contains(text));
        let html = form.unwrap_or_else(|| panic!("no form with {text:?} in\n{}", self.html)).to_owned();
        Self { status: self.status, headers: self.headers.clone(), html }
    }

    fn forms(&self) -> impl Iterator<Item = &str> {
        self.html.match_indices("<form").map(|(at, _)| {
            let rest = &self.html[at..];
            &rest[..rest.find("</form>").expect("closed") + "</form>".len()]
        })
    }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn attribute(tag: &str, name: &str) -> String {
    let start = tag.find(&format!("{name}=\"")).expect("attribute") + name.len() + 2;
    tag[start..].split('"').next().expect("value").to_owned()
}

fn links(html: &str) -> Vec<String> {
    let mut links = Vec::new();
    for name in ["href=\"", "action=\"", "src=\"", "formaction=\"", "content=\"0;url="] {
        let found = html.split(name).skip(1).filter_map(|rest| rest.split('"').next());
        links.extend(found.map(str::to_owned));
    }
    links
}
