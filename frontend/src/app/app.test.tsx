import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerOf } from '@/testing/answers';
import { stubCanvas } from '@/testing/canvas';
import { jpeg } from '@/testing/films';
import { stubPictures } from '@/testing/pictures';
import { failure, health, healthAnswers, predictAnswers } from '@/testing/service';
import { resetStores } from '@/testing/stores';
import { App } from './app';

const PATIENT = 'DOE^JANE.jpg';

beforeEach(() => {
  stubCanvas();
  stubPictures({ width: 200, height: 100 });
  healthAnswers(() => health('healthy'));
  predictAnswers();
});
afterEach(resetStores);

/** Open the page and choose films on it. */
async function choose(...files: File[]): Promise<void> {
  render(<App />);
  await userEvent.upload(screen.getByLabelText('Choose films', { selector: 'input' }), files);
}

const news = () => screen.getByTestId('news');
const answer = () => screen.getByRole('region', { name: 'Answer' });
const finding = () => screen.findByRole('heading', { name: 'Bacterial pneumonia' });
const button = (name: string) => screen.getByRole('button', { name });

describe('a film that is chosen', () => {
  it('is sent, answered, shown with its map and announced', async () => {
    await choose(jpeg(PATIENT));
    expect(await finding()).toBeInTheDocument();
    const said = `${PATIENT}: Bacterial pneumonia, 92.35%. High risk: bacterial pneumonia indicated.`;
    await waitFor(() => expect(news()).toHaveTextContent(said));
    expect(button(`${PATIENT} High risk`)).toHaveAttribute('aria-current', 'true');
    expect(
      await screen.findByRole('group', { name: /^Film and map for “Bacterial pneumonia”/ }),
    ).toBeInTheDocument();
    expect(screen.getByRole('contentinfo')).toHaveTextContent('Not a medical device.');
  });

  it('and fails can be sent again', async () => {
    predictAnswers(() => failure(500, 'internal_error'));
    await choose(jpeg('film.jpg'));
    await waitFor(() => expect(answer()).toHaveTextContent('Something failed in the service.'));
    expect(answer()).toHaveTextContent('Request request-2');
    predictAnswers();
    await userEvent.click(button('Send film.jpg again'));
    expect(await finding()).toBeInTheDocument();
  });

  it('and is no film is refused by name', async () => {
    render(<App />);
    const notes = new File(['no film'], 'notes.txt', { type: 'text/plain' });
    fireEvent.drop(screen.getByLabelText('Choose films', { selector: 'input' }), {
      dataTransfer: { files: [notes], types: ['Files'] },
    });
    await waitFor(() =>
      expect(news()).toHaveTextContent(
        'notes.txt was not sent: it cannot be used. Not sent: this is neither a JPEG nor a PNG picture.',
      ),
    );
    expect(answer()).toHaveTextContent('neither a JPEG nor a PNG');
  });

  it('is put off while the service asks to wait, then sent', async () => {
    predictAnswers(() => failure(503, 'overloaded', { 'Retry-After': '1' }));
    await choose(jpeg('film.jpg'));
    await waitFor(() => expect(answer()).toHaveTextContent('The service asked to wait'));
    predictAnswers();
    expect(await finding()).toBeInTheDocument();
  });
});

describe('several films', () => {
  it('have their answers told apart, and stand by their risk', async () => {
    let count = 0;
    predictAnswers(() =>
      HttpResponse.json(count++ === 0 ? answerOf({ prediction: 'NORMAL', risk_code: 'none' }) : answerOf()),
    );
    await choose(jpeg('calm.jpg'), jpeg('urgent.jpg'));
    await waitFor(() => expect(screen.getAllByRole('listitem')[0]).toHaveTextContent('urgent.jpgHigh risk'));
    expect(button('calm.jpg No immediate risk')).toHaveAttribute('aria-current', 'true');
    expect(answer()).toHaveTextContent('A normal answer does not exclude pneumonia.');
    await userEvent.click(button('urgent.jpg High risk'));
    expect(await finding()).toBeInTheDocument();
    expect(answer()).not.toHaveTextContent('does not exclude pneumonia');
  });
});

it('a film that is pasted is taken in', async () => {
  render(<App />);
  fireEvent.paste(document.body, { clipboardData: { files: [jpeg('pasted.jpg')] } });
  expect(await finding()).toBeInTheDocument();
  expect(button('pasted.jpg High risk')).toBeInTheDocument();
});

it('an empty page says what to do, and is there again when all films are removed', async () => {
  await choose(jpeg('film.jpg'));
  await finding();
  await userEvent.click(button('Remove all films'));
  expect(screen.getByRole('heading', { name: 'A second look at a chest radiograph' })).toBeInTheDocument();
});

it('the page says so when the service cannot be reached', async () => {
  healthAnswers(() => HttpResponse.error());
  render(<App />);
  expect(await screen.findByRole('alert')).toHaveTextContent('The service cannot be reached');
  expect(screen.getByText('Service unreachable')).toBeInTheDocument();
});

describe('the help', () => {
  it('opens by its button, closes by Escape, and leaves the keyboard where it was', async () => {
    render(<App />);
    await userEvent.click(button('Help'));
    expect(screen.getByRole('dialog', { name: 'Help' })).toHaveTextContent('aged 1 to 5 years');
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    await waitFor(() => expect(button('Help')).toHaveFocus());
  });

  it('opens by its key, and turns keys off', async () => {
    render(<App />);
    await userEvent.keyboard('?');
    await userEvent.click(screen.getByRole('tab', { name: 'Keys' }));
    await userEvent.click(screen.getByRole('switch', { name: 'Single keys steer the page' }));
    await userEvent.click(button('Close'));
    await userEvent.keyboard('?');
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });
});

it('the browser keeps the reader’s preferences, and nothing of any film', async () => {
  await choose(jpeg(PATIENT));
  await finding();
  await userEvent.click(button('Theme: dark'));
  await userEvent.click(button('Invert'));
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'English');
  expect(Object.keys(localStorage).sort()).toEqual(['pneumonet.language', 'pneumonet.preferences']);
  expect(localStorage.getItem('pneumonet.language')).toBe('en');
  expect(JSON.parse(localStorage.getItem('pneumonet.preferences') ?? '')).toEqual({
    state: { theme: 'light', shortcuts: true },
    version: 0,
  });
  expect(sessionStorage).toHaveLength(0);
  expect(document.cookie).toBe('');
});
