//! Texts of the pages before one is signed in.

use super::catalogue;

catalogue! {
    /// Sign-in and passwords.
    Entry {
        welcome_title: "The front desk of your hotel",
        welcome_text: "Rooms, guests and bookings in one calm place. No room is ever sold twice.",
        sign_in: "Sign in",
        sign_in_title: "Sign in to your desk",
        login: "E-mail or user name",
        password: "Password",
        forgot_link: "Forgot your password?",
        register_link: "Register a hotel",
        back_to_sign_in: "Back to sign in",
        forgot_title: "Forgot your password?",
        forgot_text: "Type your e-mail address. If there is an account for it, a link is on its way; it works once, within an hour.",
        email: "E-mail",
        send_link: "Send the link",
        reset_title: "Choose a new password",
        reset_text: "You will be signed out everywhere else.",
        new_password: "New password",
        password_help: "At least 8 characters. A sentence is good.",
        reset_help: "8 characters or more; for a customer's account with a small and a capital letter, a digit and a sign such as !",
        set_password: "Set the password",
    }
}

catalogue! {
    /// Registration of a hotel.
    Register {
        title: "Register a hotel",
        intro: "Your hotel, its rooms, and you as its owner. Everything can be changed later.",
        hotel: "The hotel",
        hotel_name: "Name of the hotel",
        hotel_email: "E-mail of the hotel",
        phone: "Telephone",
        street: "Street and number",
        city: "City",
        state: "State or region",
        zip_code: "Postal code",
        country: "Country",
        currency: "Currency of your prices",
        time_zone: "Time zone",
        rooms: "Floors and rooms",
        rooms_help: "One line for each kind of room on a floor: floor, room numbers, kind, price of a night. Numbers may be a range.",
        rooms_example: "Ground floor; 1-4; Single; 80",
        owner: "You, the owner",
        owner_name: "Your name",
        owner_email: "Your e-mail, with which you sign in",
        submit: "Register the hotel",
    }
}
