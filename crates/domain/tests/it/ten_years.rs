//! Ten years of a customer who changes plans, pauses, cancels and comes back, a hundred thousand times: an oracle that knows
//! nothing of dates keeps the time that was paid for in a purse, and every invoice is added up by hand.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use domain::billing::{BillingPeriod, SubscriptionState, SubscriptionStatus, TaxRate, Totals, prorate};
use domain::money::{Currency, Money};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const RUNS: u64 = 100_000;

const RECURRING: [BillingPeriod; 4] =
    [BillingPeriod::Weekly, BillingPeriod::Monthly, BillingPeriod::Quarterly, BillingPeriod::Yearly];

#[derive(Clone, Copy)]
struct Plan {
    price: Money,
    period: BillingPeriod,
}

struct Customer {
    random: StdRng,
    now: DateTime<Utc>,
    plan: Plan,
    /// The plan from the next period on.
    pending: Option<Plan>,
    state: SubscriptionState,
    /// The time that was paid for and not used yet.
    purse: TimeDelta,
    rate: TaxRate,
}

impl Customer {
    fn new(run: u64) -> Self {
        let mut random = StdRng::seed_from_u64(run);
        // Around changes of the clock, leap days and ends of months.
        let begin = Utc.with_ymd_and_hms(2024, 1, 29, 0, 30, 0).unwrap();
        let now = begin + TimeDelta::seconds(random.random_range(0..126_230_400));
        let rate = TaxRate::new(random.random_range(0..=2_700)).unwrap();
        let plan = any_plan(&mut random);
        Self {
            random,
            now,
            plan,
            pending: None,
            state: SubscriptionState::Pending,
            purse: TimeDelta::zero(),
            rate,
        }
    }

    /// Time passes, and uses up what is in the purse unless the subscription is paused.
    fn wait(&mut self) {
        let passed = TimeDelta::seconds(self.random.random_range(0..7_000_000));
        self.now += passed;
        if matches!(self.state.status(), SubscriptionStatus::Active | SubscriptionStatus::Cancelled) {
            self.purse = (self.purse - passed).max(TimeDelta::zero());
        }
        self.state = self.state.at(self.now);
    }

    /// An invoice over one net amount; its parts are its whole.
    fn charge(&self, net: Money) {
        let totals = Totals::of([net], self.rate, net.currency).unwrap();
        assert_eq!(totals.subtotal, net);
        assert_eq!(totals.subtotal.minor + totals.tax.minor, totals.total.minor);
        let exact = i128::from(net.minor) * i128::from(self.rate.hundredths());
        assert!((i128::from(totals.tax.minor) * 10_000 - exact).abs() * 2 <= 10_000, "half a cent at most");
    }

    fn step(&mut self) {
        match self.random.random_range(0..7) {
            0 | 1 => self.pay(),
            2 => {
                if let Ok(paused) = self.state.paused(self.now) {
                    self.state = paused;
                }
            }
            3 => {
                if let Ok(resumed) = self.state.resumed(self.now) {
                    self.state = resumed;
                }
            }
            4 => self.upgrade(),
            5 => self.downgrade(),
            _ => self.state = self.state.cancelled(self.now),
        }
    }

    /// Pays for a period: the first, the next, or one after an end.
    fn pay(&mut self) {
        self.plan = self.pending.take().unwrap_or(self.plan);
        self.charge(self.plan.price);
        let length = TimeDelta::days(self.plan.period.days().into());
        match self.state.status() {
            SubscriptionStatus::Active | SubscriptionStatus::Paused => {
                self.state = self.state.renewed(self.now, self.plan.period);
                self.purse += length;
            }
            _ => {
                // A new run begins now; what was left of a cancelled one is given up with it.
                self.state = self.state.activated(self.now, self.plan.period).unwrap();
                self.purse = length;
            }
        }
    }

    fn upgrade(&mut self) {
        let SubscriptionState::Active { expires_at, .. } = self.state else { return };
        let better = any_plan(&mut self.random);
        let paid = (self.plan.price, self.plan.period);
        let change = prorate(paid, expires_at, (better.price, better.period), self.now);
        // What is left in the purse, by the day, is given back to half a cent.
        let (days, total) = (i128::from(self.purse.num_days()), i128::from(self.plan.period.days()));
        assert_eq!(i128::from(change.days_remaining), days);
        let exact = i128::from(self.plan.price.minor) * days;
        assert!((i128::from(change.credit.minor) * total - exact).abs() * 2 <= total, "{change:?}");
        assert_eq!(change.amount_due.minor, (better.price.minor - change.credit.minor).max(0));
        self.charge(change.amount_due);
        // And what was given back and charged is what the new time is worth, to a day.
        let time = change.until - self.now;
        let worth = i128::from(better.price.minor) * i128::from(time.num_days());
        let money =
            i128::from(change.credit.minor + change.amount_due.minor) * i128::from(better.period.days());
        if better.price.minor == 0 {
            assert_eq!(time, self.purse);
        } else {
            let rest = money - worth;
            // Nobody is given more than a century.
            let is_century = time == TimeDelta::days(BillingPeriod::OneTime.days().into());
            assert!(rest >= 0 && (is_century || rest < i128::from(better.price.minor)), "{change:?}");
        }
        self.state = self.state.moved(change.until - expires_at);
        self.purse = time;
        (self.plan, self.pending) = (better, None);
    }

    /// Another plan from the next period on changes nothing now.
    fn downgrade(&mut self) {
        if self.state.status() == SubscriptionStatus::Active {
            self.pending = Some(any_plan(&mut self.random));
        }
    }

    /// What the state says is left is what is in the purse.
    fn check(&self, run: u64, step: usize) {
        let left = match self.state {
            SubscriptionState::Active { expires_at, .. } => expires_at - self.now,
            SubscriptionState::Paused { expires_at, paused_at, .. } => expires_at - paused_at,
            SubscriptionState::Cancelled { expires_at: Some(end), .. } => {
                (end - self.now).max(TimeDelta::zero())
            }
            _ => TimeDelta::zero(),
        };
        assert_eq!(left, self.purse, "run {run}, step {step}: {:?}", self.state);
        let has_access = self.state.gives_access(self.now);
        let is_live =
            matches!(self.state.status(), SubscriptionStatus::Active | SubscriptionStatus::Cancelled);
        assert_eq!(has_access, is_live && !self.purse.is_zero(), "run {run}, step {step}");
    }
}

fn any_plan(random: &mut StdRng) -> Plan {
    let price = Money::new(random.random_range(0..20_000), Currency::EUR);
    Plan { price, period: RECURRING[random.random_range(0..4)] }
}

fn play(run: u64) {
    let mut customer = Customer::new(run);
    let end = customer.now + TimeDelta::days(3_652);
    let mut step = 0;
    while customer.now < end {
        customer.step();
        customer.check(run, step);
        customer.wait();
        customer.check(run, step);
        step += 1;
    }
}

#[test]
fn what_was_paid_for_is_what_is_given() {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || (0..RUNS).skip(thread).step_by(threads).for_each(play));
        }
    });
}
